"""A hub that needs tokens, and an application on its database that makes them."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.extensions import db
from config import load
from tests.support.gateway import GatewayStage
from tests.support.hub import HubProcess

SECRETS = {"JWT_SECRET_KEY": "a secret that the hub and the office share"}
CLIENT = {"CLIENT_ID": "shop", "CLIENT_SECRET": "a secret of the shop, long enough"}


@pytest.fixture(scope="session")
def token_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """One worker with GATEWAY_AUTH=token, for tests that use new names and change nothing else."""
    settings = {**SECRETS, **CLIENT, "GATEWAY_AUTH": "token", "PUBLIC_ACCOUNTS": "helper"}
    process = HubProcess(tmp_path_factory.mktemp("token_hub"), **settings)
    yield process.start()
    process.stop()


@pytest.fixture
def closed(token_hub: HubProcess) -> Iterator[GatewayStage]:
    """The gateway of that hub; its POSTs carry a service's token."""
    stage = GatewayStage(token_hub)
    form = {"client_id": CLIENT["CLIENT_ID"], "client_secret": CLIENT["CLIENT_SECRET"]}
    token = token_hub.post("/api/auth/token", json=form).json()["access_token"]
    stage.headers = {"Authorization": f"Bearer {token}"}
    yield stage
    stage.close()


@pytest.fixture
def office(token_hub: HubProcess) -> Iterator[Flask]:
    """The same application in this process, on the same database, as in a shell beside the hub."""
    environment = {
        "APP_CONFIG": "testing",
        "DATABASE_URL": token_hub.env["DATABASE_URL"],
        "INSTANCE_PATH": token_hub.env["INSTANCE_PATH"],
        **SECRETS,
    }
    app = create_app(load(environment))
    with app.app_context():
        yield app
        db.engine.dispose()
    app.extensions["engine"].stop()
