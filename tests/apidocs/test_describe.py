"""A description on a view survives decorators, and reaches the route whatever the order."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask

from app.apidocs.describe import describe, description_of, tag, undescribed
from app.apidocs.operation import message
from app.apidocs.registered import Route, routes
from app.web.event_stream import event_stream
from app.web.websocket import Accept, socket_route

Decorator = Callable[[Any], Any]
DESCRIBED: Decorator = describe(summary="A novelty", answers={200: message("OK")})


def find(blueprint: Blueprint) -> list[Route]:
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(blueprint)
    return list(routes(app))


@pytest.mark.parametrize("decorators", [(event_stream, DESCRIBED), (DESCRIBED, event_stream)])
def test_it_may_stand_above_or_below_other_decorators(decorators: tuple[Decorator, Decorator]) -> None:
    blueprint = Blueprint("novelties", __name__)
    inner, outer = decorators
    blueprint.get("/novelty")(outer(inner(lambda: "")))
    (route,) = find(blueprint)
    assert route.description is not None
    assert route.description.operation is not None
    assert route.description.operation.summary == "A novelty"


def test_a_socket_is_one_route() -> None:
    blueprint = Blueprint("novelties", __name__)

    @socket_route(blueprint, "/novelty")
    @DESCRIBED
    def connect() -> Accept:
        raise NotImplementedError

    (route,) = find(blueprint)
    assert (route.name, route.is_socket) == ("novelties.connect", True)
    assert route.description is description_of(connect)


def test_a_view_without_either_decorator_has_no_description() -> None:
    assert description_of(lambda: "") is None
    marked = description_of(undescribed(lambda: ""))
    assert marked is not None
    assert marked.operation is None


def test_nested_blueprints_have_the_outer_tag() -> None:
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.get("/novelty")(DESCRIBED(lambda: ""))
    outer.register_blueprint(inner)
    tag("Novelties", "New things.", outer)
    (route,) = find(outer)
    assert route.tag == ("Novelties", "New things.")
