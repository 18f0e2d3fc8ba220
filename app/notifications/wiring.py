"""The area put together: its routes, the outbox relay of this worker, and who may read an inbox."""

from functools import partial

from flask import Flask

from app.extensions import engine_part
from app.notifications import inbox, topics
from app.notifications.outbox_relay import OutboxRelay, relay
from app.notifications.retention import Sweep
from app.notifications.routes import backend
from app.notifications.routes import inbox as stream
from app.realtime.topics import TopicKind


def init_app(app: Flask) -> None:
    engine = engine_part.of(app)
    kind = TopicKind(topics.KIND, is_brief=True, authorizer=partial(inbox.why_not_read, app))
    engine.broker.kinds.add(kind)
    engine.companions.append(relay.bind(app, OutboxRelay(app, engine, Sweep())))
    app.register_blueprint(backend.blueprint)
    app.register_blueprint(stream.blueprint)
