"""The HTTP side of constellations, one module per subject.

Every view checks in the same order: credentials, the path, absence, rights, and only then the body; where
the body names the place (`POST /folders`, `POST /files`), absence and rights come after it.
"""

from flask import Blueprint

from app.apidocs.describe import tag
from app.constellations.routes import comments, constellations, files, folders, members, updates

blueprint = Blueprint("constellations", __name__)
for subject in (constellations, members, folders, files, comments):
    blueprint.register_blueprint(subject.blueprint)

TAG = """Shared workspaces: members with rights, folders, files, comments, and what happens to them, live.

Rights: READ < COMMENT < WRITE < ADMIN. A malformed uuid is 400, an absent one 404, too few rights are 403.
"""
tag("Constellations", TAG.strip(), blueprint, updates.blueprint)
