"""The documents of the API: OpenAPI for its calls, AsyncAPI for its streams and sockets, a page to read them.

Everything about a call stands on its view. To describe one:

1. Put `@describe(summary=…, answers={200: ok(FILE)}, …)` below the decorator that registers the route
   (`@blueprint.get`, `@socket_route`), above or below `@event_stream`. describe.py lists the fields.
2. A stream or a socket has `channel=Channel(…)` besides, for the AsyncAPI document. Its messages stand
   beside what publishes them (`live.py`) or with the shapes.
3. Mark a route that is no part of the API, such as a page, `@undescribed`: a test finds routes with neither.
4. `tag("Gateway", "Back ends over HTTP, …", blueprint)` names the group that the calls of a blueprint stand
   under, once per area.
5. The sentence of an error is a constant beside its raise, and the description imports it:
   `NO_FILE = "File not found"`, `raise NotFound(NO_FILE)`, `errors={404: NO_FILE}`. A sentence about a field
   comes from the function that the raise uses too: `missing("name")`, `complaint("name", …)` in fields.py,
   `BAD_PAGE` in paging.py, `malformed("file")` in identifiers.py, all in `app/web`.
6. The schema of an object stands in the area's `shapes.py`, next to the function that builds the object.
7. What every call of a kind may answer (401, 408, 413, 429, 500, 503) is added by errors.py.
"""
