"""The area put together: its routes, and who may read a constellation's topic."""

from functools import partial

from flask import Flask

from app.auth.cache import Cache
from app.constellations import live
from app.constellations.rights import known_rights
from app.constellations.routes import blueprint, updates
from app.extensions import engine_part
from app.realtime.topics import TopicKind


def init_app(app: Flask) -> None:
    engine = engine_part.of(app)
    kind = TopicKind(live.KIND, authorizer=partial(live.why_not_read, app))
    engine.broker.kinds.add(kind)
    known_rights.bind(app, Cache(engine))
    app.register_blueprint(blueprint)
    app.register_blueprint(updates.blueprint)
