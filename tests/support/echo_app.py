"""The hub's application with an echo on a WebSocket, made of the same code as the hub's own sockets.

`/echo?name=…&refuse=CODE`; messages that begin with a `!` are orders to the server.
"""

import gc

from gevent import monkey

monkey.patch_all()

import gevent
import greenlet
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app import create_app
from app.errors import Unauthorized
from app.extensions import engine
from app.realtime.claims import Claims
from app.realtime.sockets.connection import Connection
from app.web.websocket import Accept, Refuse, socket_route

blueprint = Blueprint("echo", __name__)


class Echo:
    """Sends back what it gets; `!order argument` makes it do something else."""

    def __init__(self) -> None:
        self.opened_count = 0
        self.ends: list[list[object]] = []

    def opened(self, connection: Connection) -> None:
        self.opened_count += 1

    def received(self, connection: Connection, message: bytes) -> None:
        if not message.startswith(b"!"):
            connection.send(message)
            return
        order, _, argument = message.decode().partition(" ")
        getattr(self, order[1:])(connection, argument)

    def closed(self, connection: Connection, code: int, reason: str) -> None:
        self.ends.append([connection.name, code, reason])

    # Orders

    def fail(self, connection: Connection, argument: str) -> None:
        raise RuntimeError("as it was told")

    def flood(self, connection: Connection, argument: str) -> None:
        """Sends that many megabytes, each when the one before was written."""
        left = int(argument)

        def go_on(is_written: bool) -> None:
            nonlocal left
            if is_written and left:
                left -= 1
                connection.send(bytes([ord("a") + left % 26]) * 1_000_000, on_written)

        def on_written(is_written: bool) -> None:
            gevent.spawn(go_on, is_written)

        go_on(True)

    def heap(self, connection: Connection, argument: str) -> None:
        """Sends 100 KB that many times, without waiting for anything."""
        for _ in range(int(argument)):
            connection.send(b"x" * 100_000)

    def sleep(self, connection: Connection, argument: str) -> None:
        gevent.sleep(float(argument))

    def close(self, connection: Connection, argument: str) -> None:
        connection.close(int(argument), "as you like")


echo = Echo()


@socket_route(blueprint, "/echo")
def open_echo() -> Accept | Refuse:
    if "unknown" in request.args:
        raise Unauthorized()
    if "refuse" in request.args:
        return Refuse(int(request.args["refuse"]), "not you")
    name = request.args.get("name", "somebody")
    claims = Claims(name, request.args.get("token", ""), int(request.args.get("expires", "0")))
    return Accept(name, claims, echo)


@blueprint.post("/cut")
def disconnect() -> ResponseReturnValue:
    engine.disconnect(**request.args.to_dict())
    return jsonify(cut=True)


@blueprint.get("/inspect")
def inspect() -> ResponseReturnValue:
    gc.collect()
    alive = [g for g in gc.get_objects() if isinstance(g, greenlet.greenlet) and not g.dead]
    return jsonify(
        greenlets=len(alive),
        sockets=len(engine.sockets),
        held=engine.sockets.held,
        opened=echo.opened_count,
        ends=echo.ends,
        limited=engine.meters.frames_limited,
    )


app = create_app()
app.register_blueprint(blueprint)
# The gateway's access rules do not apply here: these connections belong to no user.
app.extensions["engine"].rechecks.authorize_socket = None
