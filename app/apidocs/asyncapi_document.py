"""The AsyncAPI 3.0 document. https://www.asyncapi.com/docs/reference/specification/v3.0.0

From the view of the hub: `send` is what clients receive. The fields of a server-sent event are `headers`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask

from app.apidocs import security
from app.apidocs.channel import Channel, ChannelMessage
from app.apidocs.components import Components
from app.apidocs.registered import Route, routes

ABOUT = Path(__file__).parent / "streams.md"
BINDING = "0.3.0"


def asyncapi(app: Flask) -> dict[str, Any]:
    """The document of the registered streams and sockets."""
    components, needed = Components(), set()
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for route in routes(app):
        operation, said = route.description or (None, None)
        key = route.name.replace(".", "_")
        if operation is None or said is None or key in channels:
            continue
        needed |= set(operation.needs) - {security.NO_CREDENTIALS}
        channels[key] = components.resolve(_channel(route, said))
        operations |= components.resolve(_operations(key, route, operation.needs, said))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "The hub", "version": "1", "description": ABOUT.read_text(encoding="utf-8")},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "securitySchemes": {name: security.scheme(name, "httpApiKey") for name in sorted(needed)},
        },
    }


def _channel(route: Route, said: Channel) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "address": route.path,
        "title": said.title,
        "description": said.description,
        "messages": {_key(message): _message(message) for message in (*said.sent, *said.received)},
    }
    if route.parameters:
        shown["parameters"] = {name: {"description": f"The {name}"} for name in route.parameters}
    if route.is_socket:
        shown["bindings"] = {"ws": {"method": "GET", "query": _query(said), "bindingVersion": "0.1.0"}}
    return shown


def _message(said: ChannelMessage) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if said.event is not None:
        fields["event"] = {"const": said.event}
    if said.id is not None:
        fields["id"] = said.id
    shown: dict[str, Any] = {
        "name": said.name,
        "summary": said.summary,
        "contentType": said.content_type,
        "payload": said.payload,
        "examples": [{"name": name, "payload": value} for name, value in said.shown_examples().items()],
    }
    if fields:
        shown["headers"] = {"type": "object", "properties": fields, "required": sorted(fields)}
    if said.correlation:
        shown["correlationId"] = {"location": f"$message.payload#{said.correlation}"}
    return shown


def _operations(key: str, route: Route, needs: tuple[str, ...], said: Channel) -> dict[str, Any]:
    """`…_send` for what goes to the client, `…_receive` for what comes from it. Over HTTP the stream is the
    reply to the request."""
    common: dict[str, Any] = {"channel": {"$ref": f"#/channels/{key}"}, "title": said.title}
    if needs and security.NO_CREDENTIALS not in needs:
        common["security"] = [{"$ref": f"#/components/securitySchemes/{name}"} for name in needs]
    if not route.is_socket:
        query = {"query": _query(said)} if said.query else {}
        common["bindings"] = {"http": {"method": route.methods[0], **query, "bindingVersion": BINDING}}
    sent, received = _references(key, said.sent), _references(key, said.received)
    if not received:
        return {f"{key}_send": {"action": "send", **common, "messages": sent}}
    receive = {"action": "receive", **common, "messages": received}
    if route.is_socket:
        return {
            f"{key}_send": {"action": "send", **common, "messages": sent},
            f"{key}_receive": receive,
        }
    return {f"{key}_receive": {**receive, "reply": {"channel": common["channel"], "messages": sent}}}


def _references(key: str, messages: Iterable[ChannelMessage]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{key}/messages/{_key(message)}"} for message in messages]


def _query(said: Channel) -> dict[str, Any]:
    named = {it.name: {**it.schema, "description": it.description} for it in said.query}
    required = [it.name for it in said.query if it.is_required]
    return {"type": "object", "properties": named, **({"required": required} if required else {})}


def _key(message: ChannelMessage) -> str:
    return message.name.replace(".", "_").replace("-", "_")
