"""The fields of request bodies, as marshmallow fields with the bounds of the contract."""

import unicodedata
from collections.abc import Callable
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

NAME_LENGTH, DESCRIPTION_LENGTH, COMMENT_LENGTH = 200, 2000, 10000
EMAIL_LENGTH, PASSWORD_LENGTH = 254, 1000
REQUIRED = str(fields.Field.default_error_messages["required"])
CONTROL_CHARACTERS = "Must not contain control characters."


class Body(Schema):
    """A JSON object; keys that the contract does not name are ignored.

    A schema or a field may have a `json_schema`, for the documents of the API: the keywords that do not
    follow from its fields or its type. `component` is the name of the schema there, without the area's,
    where it differs from the name of the class.
    """

    class Meta:
        unknown = EXCLUDE


class Changes(Body):
    """A PATCH: every field may be left out, but not all of them."""

    json_schema = {"minProperties": 1}

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError(nothing_to_change(type(self)))


def complaint(field: str, problem: str) -> str:
    """The sentence that refuses a field: `name: Must not be blank.`"""
    return f"{field}: {problem}"


def missing(field: str) -> str:
    """The sentence that asks for a required field."""
    return complaint(field, REQUIRED)


def nothing_to_change(schema: type["Changes"]) -> str:
    """The sentence that refuses a PATCH without any of its fields."""
    return f"Nothing to change: give at least one of {', '.join(schema._declared_fields)}"


Check = TypeVar("Check", bound=Callable[[str], None])
PATTERNS: dict[Callable[[str], None], str] = {}


def means(pattern: str) -> Callable[[Check], Check]:
    """Notes the regular expression (ECMA-262) of a validator, for the documents of the API."""

    def note(check: Check) -> Check:
        PATTERNS[check] = pattern
        return check

    return note


@means(r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")
def printable(text: str) -> None:
    if not text.strip():
        raise ValidationError("Must not be blank.")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValidationError(CONTROL_CHARACTERS)


@means(r"^[^\x00]*$")
def without_nul(text: str) -> None:
    """Refuses U+0000, which PostgreSQL can't store in a text."""
    if "\0" in text:
        raise ValidationError("Must not contain NUL characters.")


def name(required: bool = True) -> fields.String:
    return fields.String(required=required, validate=[validate.Length(1, NAME_LENGTH), printable])


def text(longest: int, required: bool = True, least: int = 0) -> fields.String:
    return fields.String(required=required, validate=[validate.Length(least, longest), without_nul])


def content(required: bool = True) -> fields.String:
    """A text that is bounded by the size of the body alone."""
    return fields.String(required=required, validate=without_nul)


class EmailAddress(fields.Email):
    """Loaded in lower case, in which some addresses are longer."""

    def _deserialize(self, *arguments: Any, **options: Any) -> str:
        return str(super()._deserialize(*arguments, **options)).lower()


def email(required: bool = True) -> fields.Email:
    return EmailAddress(required=required, validate=[validate.Length(1, EMAIL_LENGTH), printable])


def password(required: bool = True) -> fields.String:
    return fields.String(required=required, validate=[validate.Length(1, PASSWORD_LENGTH)])
