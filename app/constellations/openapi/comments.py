"""`/files/{file_uuid}/comments`."""

from app.apidocs.operation import PAGE, Operation, Operations, json, message, ok
from app.apidocs.security import ACCOUNT
from app.constellations import schemas
from app.constellations.openapi import files
from app.constellations.openapi.objects import ANSWERED, BAD_PAGE, COMMENTS, REMARK, STRANGER

NO_TEXT = "content: Missing data for required field."
MALFORMED = (files.MALFORMED, "Invalid comment UUID")
ABSENT = (files.ABSENT, "Comment not found")
REFUSED = (STRANGER, "Needs COMMENT rights in this constellation")
NOT_ONES_OWN = (*REFUSED, "Not your comment")

OPERATIONS: Operations = {
    "comments.list_comments": Operation(
        summary="The comments on a file, replies too",
        description="Needs READ.",
        needs=(ACCOUNT,),
        parameters=PAGE,
        answers={200: ok(COMMENTS, "Oldest first")},
        errors={400: (files.MALFORMED, BAD_PAGE), 403: STRANGER, 404: files.ABSENT},
    ),
    "comments.create_comment": Operation(
        summary="Comment on a file",
        description="Needs COMMENT. Publishes `comment.created`.",
        needs=(ACCOUNT,),
        body=json(schemas.CommentText, example={"content": "Well said"}),
        answers={201: ok(REMARK)},
        errors={400: (files.MALFORMED, NO_TEXT), 403: REFUSED, 404: files.ABSENT},
    ),
    "comments.reply": Operation(
        summary="Reply to a comment",
        description="Needs COMMENT. Publishes `comment.created`.",
        needs=(ACCOUNT,),
        body=json(schemas.CommentText, example={"content": "Yes"}),
        answers={201: ok(ANSWERED)},
        errors={
            400: (*MALFORMED, NO_TEXT, "Replies can't be more than 100 levels deep"),
            403: REFUSED,
            404: ABSENT,
        },
    ),
    "comments.change_comment": Operation(
        summary="Change one's own comment",
        description="Needs COMMENT. Publishes `comment.updated`.",
        needs=(ACCOUNT,),
        body=json(schemas.CommentText, example={"content": "Very well said"}),
        answers={200: ok(REMARK)},
        errors={400: (*MALFORMED, NO_TEXT), 403: NOT_ONES_OWN, 404: ABSENT},
    ),
    "comments.delete_comment": Operation(
        summary="Delete a comment with the replies to it",
        description="Needs COMMENT for one's own, ADMIN for others'. Publishes `comment.deleted`.",
        needs=(ACCOUNT,),
        answers={200: message("Comment deleted")},
        errors={400: MALFORMED, 403: NOT_ONES_OWN, 404: ABSENT},
    ),
}
