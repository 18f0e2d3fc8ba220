"""What the bodies of requests about constellations hold."""

from typing import Any

from marshmallow import ValidationError, fields

from app.constellations.rights import Rights
from app.web.fields import COMMENT_LENGTH, DESCRIPTION_LENGTH, Body, Changes, content, name, text
from app.web.identifiers import is_uuid

UNKNOWN_RIGHTS = f"Must be one of {', '.join(rights.name for rights in Rights)}."
_RIGHTS = {rights.name.lower(): rights for rights in Rights}


class Uuid(fields.String):
    """A UUID in its canonical text form, loaded in lower case."""

    json_schema = {"format": "uuid"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs)
        if not is_uuid(given):
            raise ValidationError("Not a valid UUID.")
        return given.lower()


class RightsName(fields.Field[Rights]):
    """The name of some rights in any case, loaded as `Rights`."""

    json_schema = {"type": "string", "enum": [rights.name for rights in Rights], "default": "READ"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Rights:
        rights = _RIGHTS.get(value.lower()) if isinstance(value, str) else None
        if rights is None:
            raise ValidationError(UNKNOWN_RIGHTS)
        return rights


class NewConstellation(Body):
    name = name()
    description = text(DESCRIPTION_LENGTH, required=False)


class ConstellationChanges(Changes):
    name = name(required=False)
    description = text(DESCRIPTION_LENGTH, required=False)


class MemberConnection(Body):
    component = "Connection"

    user_uuid = Uuid(required=True)
    rights = RightsName(load_default=Rights.READ)


class MemberDisconnection(Body):
    component = "Disconnection"

    user_uuid = Uuid(required=True)


class NewFolder(Body):
    name = name()
    parent_folder_uuid = Uuid(required=True)


class FolderChanges(Changes):
    """The root may name no parent, as its GET does."""

    name = name(required=False)
    parent_folder_uuid = Uuid(allow_none=True)


class NewFile(Body):
    name = name()
    content = content()
    folder_uuid = Uuid(required=True)


class FileChanges(Changes):
    name = name(required=False)
    content = content(required=False)
    folder_uuid = Uuid()


class CommentText(Body):
    content = text(COMMENT_LENGTH, least=1)
