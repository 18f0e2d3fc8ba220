"""The two documents as the application serves them."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.support.task_service import TaskService


@pytest.fixture(scope="session")
def task_service() -> Iterator[TaskService]:
    """For concepts; it completes what it is asked after."""
    with TaskService() as running:
        yield running


@pytest.fixture
def openapi(app: Flask) -> Any:
    return app.test_client().get("/openapi.json").get_json()


@pytest.fixture
def asyncapi(app: Flask) -> Any:
    return app.test_client().get("/asyncapi.json").get_json()
