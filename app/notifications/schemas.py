"""The bodies of requests."""

from typing import Any

from marshmallow import ValidationError, fields

from app.web import fields as texts
from app.web.fields import NAME_LENGTH, Body

SYSTEM_PREFIX = "ic-system-"
DIGITS_ONLY = "Must not be digits only."


@texts.means(r"^(?!\d+$)(?!ic-system-)")
def unambiguous(group: str) -> None:
    """In paths, digits are the id of a group; names with the prefix are reserved for the hub."""
    if group.isdigit():
        raise ValidationError(DIGITS_ONLY)
    if group.startswith(SYSTEM_PREFIX):
        raise ValidationError(f"Must not begin with {SYSTEM_PREFIX}.")


def group_name() -> fields.String:
    field = texts.name()
    field.validators.append(unambiguous)
    return field


def several(field: fields.String, required: bool = False) -> "fields.List[Any]":
    """A list; an optional one that is left out is empty."""
    options: dict[str, Any] = {} if required else {"load_default": list}
    return fields.List(field, required=required, **options)


class Credentials(Body):
    client_id = texts.text(NAME_LENGTH)
    client_secret = texts.text(1000)


class NewRecipient(Body):
    user_id = texts.name()
    groups = several(group_name())


class NewGroup(Body):
    name = group_name()
    users = several(texts.name())


class Notice(Body):
    """Groups that do not exist are ignored, so any text may stand for a group."""

    users = several(texts.name())
    groups = several(texts.content())
    payload = texts.content()


class OwnAcknowledgement(Body):
    message_ids = several(fields.String(), required=True)


class Acknowledgement(OwnAcknowledgement):
    user_id = texts.name()
