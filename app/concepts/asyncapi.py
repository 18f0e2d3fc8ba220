"""A concept as live.py publishes it."""

from app.apidocs.channel import CLOSED, Channel, ChannelMessage, Channels
from app.apidocs.json_schema import Object, one_of
from app.apidocs.operation import CURSOR, query
from app.apidocs.security import ACCOUNT, COOKIE, TICKET, TOKEN
from app.concepts.live import NAME
from app.concepts.openapi import SHOWN

VERSION = {"type": "string", "pattern": "^[0-9]+$", "description": "The version of the concept"}
UPDATE = Object("ConceptUpdate", SHOWN, optional=frozenset({"concept_json", "error"}))

CHANNELS: Channels = {
    "concepts.watch_concept": Channel(
        title="A concept as it changes",
        description="A snapshot at once, then each change; ends after `completed` or `failed`. A reader that"
        " comes back with the id of the end is answered 204.",
        needs=(COOKIE, ACCOUNT, TICKET, TOKEN),
        query=(query("event", one_of("message"), "For unnamed events"), *CURSOR[1:]),
        sent=(
            ChannelMessage(name=NAME, summary="The concept now", payload=UPDATE, event=NAME, id=VERSION),
            ChannelMessage(
                name="message", summary="The same, unnamed, for `?event=message`", payload=UPDATE, id=VERSION
            ),
            CLOSED,
        ),
    ),
}
