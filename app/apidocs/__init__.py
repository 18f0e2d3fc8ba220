"""The documents of the API: OpenAPI for its calls, AsyncAPI for its streams and sockets, a page to read them.

They are made from the routes that are registered. An area describes its own in `app/<area>/openapi.py`
(`TITLE`, `OPERATIONS` by endpoint) and `app/<area>/asyncapi.py` (`CHANNELS` by endpoint).
"""
