"""The facts about this hub that the page gives its scripts: they offer only what the hub has."""

from typing import Any

from flask import Flask

from app.seeding.demo import demo_users
from config.base import is_loopback

# A view is offered when the hub has this route.
VIEWS = {
    "constellations": "/constellations",
    "inspector": "/sse/updates/<constellation_uuid>",
    "gateway": "/sse/send",
    "inbox": "/api/message/notify",
    "concepts": "/api/ad-concepts",
    "operations": "/api/ops/stats",
}
TICKETS, DOCS = "/api/stream-ticket", "/docs"


def about(app: Flask) -> dict[str, Any]:
    """`{views: [name], has_tickets, has_docs, can_register, gateway, demo}`; see `shown_demo_users`."""
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    return {
        "views": [name for name, path in VIEWS.items() if path in paths],
        "has_tickets": TICKETS in paths,
        "has_docs": DOCS in paths,
        "can_register": app.config["ALLOW_REGISTRATION"],
        "gateway": app.config["GATEWAY_AUTH"],
        "demo": shown_demo_users(app),
    }


def shown_demo_users(app: Flask) -> list[dict[str, Any]]:
    """`{name, password, is_operator}` of the users that `seed --demo` makes; empty unless the hub is in
    development and bound to loopback."""
    if app.config["NAME"] != "development" or not is_loopback(app.config["BIND"]):
        return []
    return [
        {"name": user["name"], "password": user["password"], "is_operator": user.get("operator", False)}
        for user in demo_users()
    ]
