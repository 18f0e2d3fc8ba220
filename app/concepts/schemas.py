"""The body of a submission."""

from typing import Any

from flask import current_app
from marshmallow import ValidationError, fields, pre_load

from app.concepts import image_urls
from app.errors import Invalid
from app.web.fields import Body, name

REQUIRED = ("ad_archive_id", "image_url")
MISSING_FIELDS = "Missing required fields"


def image_url(url: str) -> None:
    problem = image_urls.problem(url, is_private_allowed=not current_app.config["IS_PRODUCTION"])
    if problem is not None:
        raise ValidationError(problem)


class ConceptSubmission(Body):
    component = "Submission"

    ad_archive_id = name()
    image_url = fields.String(required=True, validate=image_url)

    @pre_load
    def _require_fields(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """An absent, null or empty field is missing: clients of this API know that sentence."""
        if any(data.get(field) in (None, "") for field in REQUIRED):
            raise Invalid(MISSING_FIELDS)
        return data
