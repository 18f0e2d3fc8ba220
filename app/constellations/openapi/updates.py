"""`/sse/updates` and `/sse/notify`."""

from app.apidocs.json_schema import Object, exactly, text
from app.apidocs.operation import CURSOR, Operation, Operations, RequestBody, ok, stream
from app.apidocs.security import ACCOUNT, TICKET, TOKEN
from app.constellations.openapi.constellations import ABSENT
from app.constellations.openapi.objects import STRANGER

EXAMPLE = """retry: 2576
: welcome

id: 7c97b8f64469.1

id: 7c97b8f64469.2
data: {"hello": "everybody"}

"""
NOTIFIED = Object(
    "Notified", {"status": exactly("success"), "message": exactly("Notification sent to clients")}
)

OPERATIONS: Operations = {
    "updates.updates": Operation(
        summary="Everything that happens in a constellation, live",
        description="Needs READ. With the id of the last event it goes on where the client left off. Here a"
        " malformed uuid is 404.",
        needs=(ACCOUNT, TICKET, TOKEN),
        parameters=CURSOR,
        answers={200: stream("The stream", EXAMPLE)},
        errors={403: STRANGER, 404: ABSENT},
    ),
    "updates.notify": Operation(
        summary="Tell everybody who follows the constellation",
        description="Needs `NOTIFY_MIN_RIGHTS`, which is READ by default. The body, of whatever content type,"
        " is the data of one event, verbatim. Here a malformed uuid is 404.",
        needs=(ACCOUNT,),
        body=RequestBody(
            schema=text('{"hello": "everybody"}'),
            examples={"json": '{"hello": "everybody"}', "text": "dinner is ready"},
            content_type="text/plain",
            is_required=False,
        ),
        answers={200: ok(NOTIFIED, "Published to every worker, whoever listens")},
        errors={400: "The body is not valid UTF-8", 403: STRANGER, 404: ABSENT},
        is_limited=True,
    ),
}
