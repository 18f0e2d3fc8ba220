"""Extensions without an application: `create_app` binds them, areas import them from here."""

from typing import TYPE_CHECKING, cast

from flask import current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from app.realtime.engine import Engine


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


db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})
migrate = Migrate(render_as_batch=True, compare_type=True)
jwt = JWTManager()
sock = Sock()
engine = cast("Engine", LocalProxy(lambda: current_app.extensions["engine"]))
