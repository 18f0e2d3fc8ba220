"""Extensions without an application: `create_app` binds them, areas import them from here."""

from typing import Generic, TypeVar, cast

from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from werkzeug.local import LocalProxy

from app.realtime.engine import Engine

T = TypeVar("T")


class Model(DeclarativeBase):
    # Named constraints, so that migrations can change them on SQLite too.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Part(Generic[T]):
    """An object that each application has one of, typed: an area's `init_app` binds it, its views use it.

    `part.bind(app, value)` sets it, `part.of(app)` returns it, `part.current` is that of the application
    in whose context the caller runs.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def bind(self, app: Flask, value: T) -> T:
        app.extensions[self._name] = value
        return value

    def of(self, app: Flask) -> T:
        return cast(T, app.extensions[self._name])

    @property
    def current(self) -> T:
        return cast(T, current_app.extensions[self._name])


db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})
migrate = Migrate(render_as_batch=True, compare_type=True)
jwt = JWTManager()
sock = Sock()
engine_part: Part[Engine] = Part("engine")
engine = cast(Engine, LocalProxy(lambda: engine_part.current))
