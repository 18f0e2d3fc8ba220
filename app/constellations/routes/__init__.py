"""The HTTP side of constellations, one module per subject, all behind one blueprint.

Every view checks in the same order: credentials, the path, absence, rights, and only then the body; where
the body names the place (`POST /folders`, `POST /files`), absence and rights come after it.
"""

from flask import Blueprint

from app.constellations.routes import comments, constellations, files, folders, members

blueprint = Blueprint("constellations", __name__)
for subject in (constellations, members, folders, files, comments):
    blueprint.register_blueprint(subject.blueprint)
