"""The two documents as the application serves them."""

from typing import Any

import pytest
from flask import Flask


@pytest.fixture
def openapi(app: Flask) -> Any:
    return app.test_client().get("/openapi.json").get_json()


@pytest.fixture
def asyncapi(app: Flask) -> Any:
    return app.test_client().get("/asyncapi.json").get_json()
