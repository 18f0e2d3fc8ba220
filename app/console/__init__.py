"""The console: a page in the browser that shows the hub at work. It uses only the documented API."""
