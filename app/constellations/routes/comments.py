"""`/files/{id}/comments` and the replies to a comment."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.constellations import schemas
from app.constellations.rights import Rights, require_comment, require_file
from app.constellations.services import comments
from app.web.body import parse
from app.web.identifiers import parse_uuid
from app.web.paging import read_page

blueprint = Blueprint("comments", __name__, url_prefix="/files/<file_uuid>/comments")


@blueprint.get("")
def list_comments(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.READ)
    return jsonify(comments=comments.list_on(uuid, read_page()))


@blueprint.post("")
def create_comment(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.COMMENT)
    return jsonify(comments.create(caller, uuid, **parse(schemas.CommentText()))), 201


@blueprint.post("/<comment_uuid>")
def reply(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    made = comments.create(caller, file, **parse(schemas.CommentText()), parent_uuid=comment)
    return jsonify(reply_uuid=made["comment_uuid"], content=made["content"], comment_uuid=comment), 201


@blueprint.put("/<comment_uuid>")
def change_comment(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    comments.require_author(caller, comment)
    return jsonify(comments.change(caller, file, comment, **parse(schemas.CommentText())))


@blueprint.delete("/<comment_uuid>")
def delete_comment(file_uuid: str, comment_uuid: str) -> ResponseReturnValue:
    caller, file, comment = identify().uuid, *_parse(file_uuid, comment_uuid)
    require_comment(caller, file, comment, Rights.COMMENT)
    comments.delete(caller, file, comment)
    return jsonify(message="Comment deleted")


def _parse(file_uuid: str, comment_uuid: str) -> tuple[str, str]:
    return parse_uuid(file_uuid, "file"), parse_uuid(comment_uuid, "comment")
