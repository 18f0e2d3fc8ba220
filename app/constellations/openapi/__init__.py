"""Shared workspaces: members with rights, folders, files, comments, and what happens to them, live.

Rights: READ < COMMENT < WRITE < ADMIN. A malformed uuid is 400, an absent one 404, too few rights are 403.
"""

from app.apidocs.operation import Operations
from app.constellations.openapi import comments, constellations, files, folders, members, updates

TITLE = "Constellations"

OPERATIONS: Operations = {
    **constellations.OPERATIONS,
    **members.OPERATIONS,
    **folders.OPERATIONS,
    **files.OPERATIONS,
    **comments.OPERATIONS,
    **updates.OPERATIONS,
}
