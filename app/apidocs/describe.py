"""`@describe` notes the description of a call on its view; `tag` notes the group of a blueprint's calls. Both
documents are made from these notes.

The shapes of answers stand beside their builders, mostly in `shapes.py` of the area.

A description is an attribute of the view's function, so `functools.wraps` carries it through decorators.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from flask.sansio.blueprints import Blueprint

from app.apidocs.channel import Channel
from app.apidocs.operation import ApiResponse, Operation, Parameter, RequestBody

_DESCRIPTION, _TAG = "api_description", "api_tag"

View = TypeVar("View", bound=Callable[..., Any])


class Description(NamedTuple):
    """Of one view. Without an operation it is no part of the API; streams and sockets have a channel."""

    operation: Operation | None
    channel: Channel | None = None


class Tag(NamedTuple):
    """A group of calls in the OpenAPI document; `text` is Markdown."""

    title: str
    text: str


def describe(
    *,
    summary: str,
    answers: Mapping[int, ApiResponse],
    errors: Mapping[int, str | tuple[str, ...] | ApiResponse] | None = None,
    needs: tuple[str, ...] = (),
    body: RequestBody | None = None,
    parameters: tuple[Parameter, ...] = (),
    is_limited: bool = False,
    unauthorized: int = 401,
    description: str = "",
    channel: Channel | None = None,
) -> Callable[[View], View]:
    """Notes the view's `Operation`, of which these are the fields, and the `Channel` of a stream or socket.

    It stands below the decorator that registers the route.
    """
    operation = Operation(
        summary=summary,
        answers=answers,
        errors=errors or {},
        needs=needs,
        body=body,
        parameters=parameters,
        is_limited=is_limited,
        unauthorized=unauthorized,
        description=description,
    )
    return lambda view: _note(view, Description(operation, channel))


def undescribed(view: View) -> View:
    """Marks the view of a route that is no part of the API, such as a page."""
    return _note(view, Description(None))


def tag(title: str, text: str, *blueprints: Blueprint) -> None:
    """Puts the calls of the blueprints, and of those nested in them, under one title."""
    for blueprint in blueprints:
        setattr(blueprint, _TAG, Tag(title, text))


def description_of(view: Callable[..., Any]) -> Description | None:
    """What the view is described by; None for a view that carries neither decorator."""
    found: Description | None = getattr(view, _DESCRIPTION, None)
    return found


def tag_of(blueprint: Blueprint) -> Tag | None:
    found: Tag | None = getattr(blueprint, _TAG, None)
    return found


def _note(view: View, description: Description) -> View:
    setattr(view, _DESCRIPTION, description)
    return view
