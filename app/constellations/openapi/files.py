"""`/files`."""

from app.apidocs.operation import Operation, Operations, json, message, ok
from app.apidocs.security import ACCOUNT
from app.constellations import schemas
from app.constellations.openapi import folders
from app.constellations.openapi.objects import NO_NAME, NO_RIGHTS, NOTES, ROOT, STRANGER, WHOLE_FILE

MALFORMED, ABSENT = "Invalid file UUID", "File not found"

OPERATIONS: Operations = {
    "files.create_file": Operation(
        summary="Make a text file",
        description="Needs WRITE. Publishes `file.created`.",
        needs=(ACCOUNT,),
        body=json(schemas.NewFile, example={"name": "plan.md", "content": "# Plan", "folder_uuid": ROOT}),
        answers={201: ok(WHOLE_FILE)},
        errors={400: NO_NAME, 403: NO_RIGHTS, 404: folders.ABSENT},
    ),
    "files.show_file": Operation(
        summary="A file with its content",
        description="Needs READ.",
        needs=(ACCOUNT,),
        answers={200: ok(WHOLE_FILE)},
        errors={400: MALFORMED, 403: STRANGER, 404: ABSENT},
    ),
    "files.change_file": Operation(
        summary="Rename, rewrite or move a file",
        description="Needs WRITE. Publishes `file.updated`.",
        needs=(ACCOUNT,),
        body=json(schemas.FileChanges, rewrite={"content": "# The plan"}, move={"folder_uuid": NOTES}),
        answers={200: ok(WHOLE_FILE)},
        errors={
            400: (
                MALFORMED,
                "Nothing to change: give at least one of name, content, folder_uuid",
                "The parent folder is in another constellation",
            ),
            403: NO_RIGHTS,
            404: (ABSENT, "Parent folder not found"),
        },
    ),
    "files.delete_file": Operation(
        summary="Delete a file with its comments",
        description="Needs WRITE. Publishes `file.deleted`.",
        needs=(ACCOUNT,),
        answers={200: message("File deleted")},
        errors={400: MALFORMED, 403: NO_RIGHTS, 404: ABSENT},
    ),
}
