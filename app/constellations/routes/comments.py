"""`/files/{id}/comments` and the replies to a comment."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.operation import PAGE, json, message, ok
from app.apidocs.security import ACCOUNT
from app.auth.principal import identify
from app.constellations import schemas, shapes
from app.constellations.rights import NOT_A_MEMBER, Rights, require_comment, require_file, too_few
from app.constellations.services import comments
from app.errors import absent
from app.web.body import parse
from app.web.fields import missing
from app.web.identifiers import malformed, parse_uuid
from app.web.paging import BAD_PAGE, read_page

blueprint = Blueprint("comments", __name__, url_prefix="/files/<file_uuid>/comments")

MALFORMED = (malformed("file"), malformed("comment"))
REFUSED = (NOT_A_MEMBER, too_few(Rights.COMMENT))
ABSENT = (absent("File"), absent("Comment"))
DELETED = "Comment deleted"


@blueprint.get("")
@describe(
    summary="The comments on a file, replies too",
    description="Needs READ.",
    needs=(ACCOUNT,),
    parameters=PAGE,
    answers={200: ok(shapes.COMMENTS, "Oldest first")},
    errors={400: (malformed("file"), BAD_PAGE), 403: NOT_A_MEMBER, 404: absent("File")},
)
def list_comments(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.READ)
    return jsonify(comments=comments.list_on(uuid, read_page()))


@blueprint.post("")
@describe(
    summary="Comment on a file",
    description="Needs COMMENT. Publishes `comment.created`.",
    needs=(ACCOUNT,),
    body=json(schemas.CommentText, example={"content": "Well said"}),
    answers={201: ok(shapes.COMMENT)},
    errors={400: (malformed("file"), missing("content")), 403: REFUSED, 404: absent("File")},
)
def create_comment(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.COMMENT)
    return jsonify(comments.create(caller, uuid, **parse(schemas.CommentText()))), 201


@blueprint.post("/<comment_uuid>")
@describe(
    summary="Reply to a comment",
    description="Needs COMMENT. Publishes `comment.created`.",
    needs=(ACCOUNT,),
    body=json(schemas.CommentText, example={"content": "Yes"}),
    answers={201: ok(shapes.REPLY)},
    errors={400: (*MALFORMED, missing("content"), comments.TOO_DEEP), 403: REFUSED, 404: ABSENT},
)
def reply(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    made = comments.create(caller, file, **parse(schemas.CommentText()), parent_uuid=comment)
    return jsonify(shapes.reply(made)), 201


@blueprint.put("/<comment_uuid>")
@describe(
    summary="Change one's own comment",
    description="Needs COMMENT. Publishes `comment.updated`.",
    needs=(ACCOUNT,),
    body=json(schemas.CommentText, example={"content": "Very well said"}),
    answers={200: ok(shapes.COMMENT)},
    errors={
        400: (*MALFORMED, missing("content")),
        403: (*REFUSED, comments.NOT_YOURS),
        404: ABSENT,
    },
)
def change_comment(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    comments.require_author(caller, comment)
    return jsonify(comments.change(caller, file, comment, **parse(schemas.CommentText())))


@blueprint.delete("/<comment_uuid>")
@describe(
    summary="Delete a comment with the replies to it",
    description="Needs COMMENT for one's own, ADMIN for others'. Publishes `comment.deleted`.",
    needs=(ACCOUNT,),
    answers={200: message(DELETED)},
    errors={400: MALFORMED, 403: (*REFUSED, comments.NOT_YOURS), 404: ABSENT},
)
def delete_comment(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    comments.delete(caller, file, comment)
    return jsonify(message=DELETED)


def _parse(file_uuid: str, comment_uuid: str) -> tuple[str, str]:
    return parse_uuid(file_uuid, "file"), parse_uuid(comment_uuid, "comment")
