"""`/structure` and `/folders`."""

from app.apidocs.operation import PAGE, Operation, Operations, json, message, ok
from app.apidocs.security import ACCOUNT
from app.constellations import schemas
from app.constellations.openapi import constellations
from app.constellations.openapi.objects import (
    BAD_PAGE,
    FILES,
    FOLDER,
    NO_NAME,
    NO_RIGHTS,
    ROOT,
    STRANGER,
    TREE,
)

MALFORMED, ABSENT = "Invalid folder UUID", "Folder not found"
TOO_DEEP = "Folders can't be more than 100 levels below the root"

OPERATIONS: Operations = {
    "folders.show_structure": Operation(
        summary="The whole tree, from the root down",
        description="Needs READ.",
        needs=(ACCOUNT,),
        answers={200: ok(TREE)},
        errors={400: constellations.MALFORMED, 403: STRANGER, 404: constellations.ABSENT},
    ),
    "folders.create_folder": Operation(
        summary="Make a folder",
        description="Needs WRITE. Publishes `folder.created`.",
        needs=(ACCOUNT,),
        body=json(schemas.NewFolder, example={"name": "Notes", "parent_folder_uuid": ROOT}),
        answers={201: ok(FOLDER)},
        errors={400: (NO_NAME, TOO_DEEP), 403: NO_RIGHTS, 404: ABSENT},
    ),
    "folders.show_folder": Operation(
        summary="A folder",
        description="Needs READ.",
        needs=(ACCOUNT,),
        answers={200: ok(FOLDER)},
        errors={400: MALFORMED, 403: STRANGER, 404: ABSENT},
    ),
    "folders.change_folder": Operation(
        summary="Rename or move a folder",
        description="Needs WRITE. Publishes `folder.updated`.",
        needs=(ACCOUNT,),
        body=json(schemas.FolderChanges, rename={"name": "Notes"}, move={"parent_folder_uuid": ROOT}),
        answers={200: ok(FOLDER)},
        errors={
            400: (
                MALFORMED,
                "Nothing to change: give at least one of name, parent_folder_uuid",
                "A folder can't be moved under itself",
                "The root folder can't be moved",
                "The parent folder is in another constellation",
                TOO_DEEP,
            ),
            403: NO_RIGHTS,
            404: (ABSENT, "Parent folder not found"),
        },
    ),
    "folders.delete_folder": Operation(
        summary="Delete a folder with all that is in it",
        description="Needs WRITE. Publishes `folder.deleted`, for this folder alone.",
        needs=(ACCOUNT,),
        answers={200: message("Folder deleted")},
        errors={400: (MALFORMED, "The root folder can't be deleted"), 403: NO_RIGHTS, 404: ABSENT},
    ),
    "folders.list_files": Operation(
        summary="The files in a folder",
        description="Needs READ.",
        needs=(ACCOUNT,),
        parameters=PAGE,
        answers={200: ok(FILES, "By name")},
        errors={400: (MALFORMED, BAD_PAGE), 403: STRANGER, 404: ABSENT},
    ),
}
