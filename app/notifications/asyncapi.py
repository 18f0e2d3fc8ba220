"""A recipient's inbox, as shapes.py puts it on the stream."""

from app.apidocs.channel import CLOSED, Channel, ChannelMessage, Channels
from app.apidocs.json_schema import Object, array, exactly, text, uuid
from app.apidocs.operation import query
from app.apidocs.security import ANYBODY, SUBSCRIBER, TICKET, TOKEN
from app.notifications.openapi import DORA, MESSAGE_ID

ARRIVED = ChannelMessage(
    name="message",
    summary="A message that is not acknowledged yet",
    payload=Object(
        "InboxMessage",
        {"id": uuid(MESSAGE_ID), "payload": text("Your parcel is on its way"), "read": exactly(False)},
    ),
    id={"type": "string", "format": "uuid"},
)
PING = ChannelMessage(
    name="ping",
    summary="The first event where nothing waits",
    payload=Object("InboxPing", {"id": exactly(""), "payload": exactly("ping"), "read": exactly(False)}),
    id={"const": ""},
)
ACKNOWLEDGED = ChannelMessage(
    name="message.acknowledged",
    summary="These were acknowledged, by whomever",
    event="message.acknowledged",
    payload=Object("MessagesAcknowledged", {"message_ids": array(uuid(MESSAGE_ID))}),
)

CHANNELS: Channels = {
    "inbox.stream": Channel(
        title="A recipient's inbox",
        description="A message is delivered at least once until it is acknowledged. Every connect begins with"
        " all that is not; a cursor skips nothing, and there is no verdict.",
        needs=(SUBSCRIBER, TICKET, TOKEN, ANYBODY),
        query=(query("user_id", text(DORA), "Only where the gateway is open"),),
        sent=(ARRIVED, PING, ACKNOWLEDGED, CLOSED),
    ),
}
