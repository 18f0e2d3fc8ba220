"""Shapes of the account requests."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from app.web.fields import REQUIRED, Body, Changes, email, name, password


class Registration(Body):
    name = name()
    email = email()
    password = password()


class EmailRegistration(Body):
    """Without a name, the e-mail address is the name."""

    email = email()
    password = password()
    name = name(required=False)


class Login(Body):
    """`name` may hold either the name or the e-mail address."""

    json_schema = {"anyOf": [{"required": ["name"]}, {"required": ["email"]}]}

    name = fields.String()
    email = fields.String()
    password = fields.String(required=True)

    @validates_schema
    def _who(self, data: dict[str, Any], **_: Any) -> None:
        if not data.get("name") and not data.get("email"):
            raise ValidationError(REQUIRED, "name")


class EmailLogin(Body):
    email = fields.String(required=True)
    password = fields.String(required=True)


class AccountChanges(Changes):
    name = name(required=False)
    email = email(required=False)
    password = password(required=False)
