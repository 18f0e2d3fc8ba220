"""The area put together: its routes, the outbox relay of this worker, and who may read an inbox."""

from functools import partial

from flask import Flask

from app.apidocs.describe import tag
from app.extensions import engine_part
from app.notifications import live
from app.notifications.outbox_relay import OutboxRelay, relay_part
from app.notifications.retention import HourlyPrune
from app.notifications.routes import backend, inbox
from app.realtime.topics import TopicKind

ABOUT = """Messages that wait for their recipients until they are acknowledged.

Recipients (users) are named by the calling application, and need not exist before they are written to. A
field that is wrong stands in `detail` with the reason."""
tag("Notifications", ABOUT, backend.blueprint, inbox.blueprint)


def init_app(app: Flask) -> None:
    engine = engine_part.of(app)
    kind = TopicKind(live.KIND, is_brief=True, authorizer=partial(live.why_not_read, app))
    engine.broker.kinds.add(kind)
    engine.companions.append(relay_part.bind(app, OutboxRelay(app, engine, HourlyPrune())))
    app.register_blueprint(backend.blueprint)
    app.register_blueprint(inbox.blueprint)
