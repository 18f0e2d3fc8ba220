"""What recipients, groups, messages and tokens look like in answers: the schema of each for the documents of
the API, and beside it the function that builds it."""

from datetime import datetime
from typing import Any

from app.apidocs.json_schema import Object, array, exactly, nullable, text, time, truth, uuid, whole
from app.notifications.models import Recipient
from app.web.json_provider import timestamp

Shape = dict[str, Any]

# What the examples have in common.
DORA, CUSTOMERS, PAYLOAD = "dora", "customers", "Your parcel is on its way"
MESSAGE_ID = "019369f1-6a3e-7c4d-8b5f-0a1b2c3d4e5f"


# Recipients and groups

RECIPIENT = Object("Recipient", {"id": whole(7), "external_id": text(DORA), "created_at": time()})
RECIPIENT_IN_GROUPS = Object(
    "RecipientInGroups",
    {"id": whole(7), "external_id": text(DORA), "groups": array(text(CUSTOMERS)), "created_at": time()},
)
GROUP = Object("Group", {"id": whole(3), "name": text(CUSTOMERS), "members": whole(1, "How many")})
GROUP_OF_USERS = Object("GroupOfUsers", {"id": whole(3), "name": text(CUSTOMERS), "users": array(text(DORA))})


def recipient(found: Recipient) -> Shape:
    return {"id": found.id, "external_id": found.external_id, "created_at": timestamp(found.created_at)}


def recipient_in_groups(found: Recipient, groups: list[str]) -> Shape:
    return {**recipient(found), "groups": groups}


def group(id: int, name: str, members: int) -> Shape:
    return {"id": id, "name": name, "members": members}


def group_of_users(id: int, name: str, users: list[str]) -> Shape:
    return {"id": id, "name": name, "users": users}


# Messages

MESSAGE = Object(
    "StoredMessage",
    {
        "id": uuid(MESSAGE_ID),
        "payload": text(PAYLOAD),
        "read": truth(False),
        "created_at": time(),
        "read_at": nullable(time()),
    },
)
SENT = Object("Sent", {"id": uuid(MESSAGE_ID), "recipients": whole(2, "How many get it")})
ACKNOWLEDGED = Object("Acknowledged", {"acknowledged": whole(1, "How many were not yet")})


def message(id: str, payload: str, created_at: datetime, read_at: datetime | None) -> Shape:
    """As an inbox lists it."""
    return {
        "id": id,
        "payload": payload,
        "read": read_at is not None,
        "created_at": timestamp(created_at),
        "read_at": None if read_at is None else timestamp(read_at),
    }


def sent(id: str, recipients: int) -> Shape:
    return {"id": id, "recipients": recipients}


def acknowledged(count: int) -> Shape:
    return {"acknowledged": count}


# Tokens


def _token(name: str, seconds: int) -> Object:
    example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJl"
    said = {"access_token": text(example), "type": exactly("Bearer"), "expires_in": whole(seconds, "Seconds")}
    return Object(name, said)


SERVICE_TOKEN, SUBSCRIBER_TOKEN = _token("ServiceToken", 300), _token("SubscriberToken", 3600)


def bearer(token: str, seconds: int) -> Shape:
    return {"access_token": token, "type": "Bearer", "expires_in": seconds}
