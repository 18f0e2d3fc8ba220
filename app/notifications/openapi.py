"""Messages that wait for their recipients until they are acknowledged.

Recipients are named by the calling application. A field that is wrong stands in `detail` with the reason.
"""

from app.documents.errors import ENVELOPE, refusal
from app.documents.operation import Answer, Operation, Operations, json, ok
from app.documents.shapes import Object, exactly, text, whole
from app.notifications import schemas

TITLE = "Notifications"

DETAIL = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "What is wrong, by field; `body` is the body as a whole",
    "examples": [{"user_id": "Missing data for required field."}],
}
FIELD_ERRORS = Object("FieldErrors", {**ENVELOPE, "detail": DETAIL}, optional=frozenset({"detail"}))
TOKEN = Object(
    "ServiceToken",
    {
        "access_token": text("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJl"),
        "type": exactly("Bearer"),
        "expires_in": whole(300, "Seconds"),
    },
)


def invalid(field: str, problem: str, *others: str) -> Answer:
    """400, with the example of a field that is wrong and of other sentences."""
    found = refusal(400, "Validation error", schema=FIELD_ERRORS, detail={field: problem})
    return Answer(
        description="Validation error",
        schema=FIELD_ERRORS,
        examples={**found.examples, **refusal(400, *others).examples} if others else found.examples,
    )


OPERATIONS: Operations = {
    "notifications.create_token": Operation(
        summary="A service token for a client's id and secret",
        body=json(schemas.Credentials, example={"client_id": "client-1f2e3d", "client_secret": "its secret"}),
        answers={200: ok(TOKEN)},
        errors={
            400: invalid("client_id", "Missing data for required field.", "Invalid client credentials"),
        },
        is_limited=True,
    ),
}
