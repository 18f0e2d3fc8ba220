"""gunicorn around the hub: its hooks, a polite end, a reload that ends nobody."""
