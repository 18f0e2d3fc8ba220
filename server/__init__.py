"""gunicorn around the hub: its hooks, the drain of a worker that ends, a reload that costs no request."""
