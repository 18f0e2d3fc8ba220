"""`/constellations`."""

from app.apidocs.json_schema import array
from app.apidocs.operation import PAGE, Operation, Operations, json, message, ok
from app.apidocs.security import ACCOUNT
from app.constellations import schemas
from app.constellations.openapi.objects import (
    BAD_PAGE,
    CONSTELLATION,
    LISTED,
    NO_CHANGE,
    NO_NAME,
    NO_RIGHTS,
    STRANGER,
)

MALFORMED, ABSENT = "Invalid constellation UUID", "Constellation not found"

OPERATIONS: Operations = {
    "constellations.list_constellations": Operation(
        summary="The caller's own constellations",
        needs=(ACCOUNT,),
        parameters=PAGE,
        answers={200: ok(array(LISTED), "Oldest first")},
        errors={400: BAD_PAGE},
    ),
    "constellations.create_constellation": Operation(
        summary="Make a constellation; the caller is its ADMIN",
        needs=(ACCOUNT,),
        body=json(schemas.NewConstellation, example={"name": "Orion", "description": "Shared notes"}),
        answers={201: ok(CONSTELLATION, "With a root folder")},
        errors={400: NO_NAME},
    ),
    "constellations.show_constellation": Operation(
        summary="A constellation",
        description="Needs READ.",
        needs=(ACCOUNT,),
        answers={200: ok(CONSTELLATION)},
        errors={400: MALFORMED, 403: STRANGER, 404: ABSENT},
    ),
    "constellations.change_constellation": Operation(
        summary="Rename or describe it",
        description="Needs WRITE. Publishes `constellation.updated`.",
        needs=(ACCOUNT,),
        body=json(schemas.ConstellationChanges, example={"description": "Shared notes, and plans"}),
        answers={200: ok(CONSTELLATION)},
        errors={400: (MALFORMED, NO_CHANGE), 403: NO_RIGHTS, 404: ABSENT},
    ),
    "constellations.delete_constellation": Operation(
        summary="Delete it with all that is in it",
        description="Needs ADMIN. Publishes `constellation.deleted`; its streams end (`deleted`).",
        needs=(ACCOUNT,),
        answers={200: message("Constellation deleted")},
        errors={400: MALFORMED, 403: NO_RIGHTS, 404: ABSENT},
    ),
}
