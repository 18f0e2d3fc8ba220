"""The body of a submission."""

from marshmallow import fields, validate

from app.web.fields import Body, name, without_nul


class TaskSubmission(Body):
    """`image_url` is http:, https: or data:; the size of the body bounds it."""

    component = "Submission"

    ad_archive_id = name()
    image_url = fields.String(required=True, validate=[validate.Length(min=1), without_nul])
