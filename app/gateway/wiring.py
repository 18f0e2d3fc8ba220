"""The area put together: its routes, the gateway of this worker, its counters, and who may stay connected."""

from functools import partial

from flask import Flask

from app.apidocs.describe import tag
from app.extensions import engine_part
from app.gateway import access
from app.gateway.bots import PublicAccounts
from app.gateway.meters import GatewayMeters, gateway_meters_part
from app.gateway.routes import blueprint, gateway_part
from app.gateway.service import Gateway

TAG = """
Back ends over HTTP, clients and bots over WebSocket.

Credentials are asked for where `GATEWAY_AUTH` is `token`. A mention of a public account in the text
(`@ci_bot`) makes that account the target. What is wrong with an envelope stands in `detail`, with the place.
"""
tag("Gateway", TAG.strip(), blueprint)


def init_app(app: Flask) -> None:
    engine, config = engine_part.of(app), app.config
    public = PublicAccounts(engine, config["PUBLIC_ACCOUNTS"])
    engine.rechecks.authorize_socket = partial(access.why_not_connected, app, public)
    meters = gateway_meters_part.bind(app, GatewayMeters())
    gateway_part.bind(app, Gateway(engine, meters, public, config["REPLY_TIMEOUT_SECONDS"]))
    app.register_blueprint(blueprint)
