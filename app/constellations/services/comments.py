"""Comments on files and replies to them, at most `MAX_DEPTH` replies deep."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.constellations import live, shapes
from app.constellations.models import Comment, File
from app.constellations.rights import Rights, hold_user, lock_thing
from app.constellations.services import ancestry
from app.constellations.services.ancestry import MAX_DEPTH
from app.constellations.shapes import Shape
from app.db.session import transaction
from app.errors import Forbidden, Invalid, NotFound, absent
from app.extensions import db
from app.web.paging import Page, part

NOT_YOURS = "Not your comment"
TOO_DEEP = f"Replies can't be more than {MAX_DEPTH} levels deep"


def list_on(file_uuid: str, page: Page | None) -> list[Shape]:
    """`[{comment_uuid, content, file_uuid, author_uuid, parent_uuid}]`, replies too, oldest first.

    `author_uuid` is null once the account is gone, `parent_uuid` is null for all but replies.
    """
    query = select(Comment).where(Comment.file_uuid == file_uuid)
    rows = db.session.scalars(part(query.order_by(Comment.created_at, Comment.uuid), page))
    return [shapes.comment(found) for found in rows]


def create(user_uuid: str, file_uuid: str, content: str, parent_uuid: str | None = None) -> Shape:
    """A comment, or a reply to the comment `parent_uuid` on the same file; publishes `comment.created`.

    Raises NotFound, Forbidden, and Invalid where a reply would be too deep.
    """
    with transaction() as session:
        hold_user(session, user_uuid)
        file, _ = lock_thing(session, File, file_uuid, user_uuid, Rights.COMMENT)
        if parent_uuid is not None:
            _get(session, file_uuid, parent_uuid)
            if len(ancestry.path(session, Comment, parent_uuid)) > MAX_DEPTH:
                raise Invalid(TOO_DEEP)
        made = Comment(file_uuid=file_uuid, author_uuid=user_uuid, parent_uuid=parent_uuid, content=content)
        session.add(made)
        session.flush()
        shown = shapes.comment(made)
    live.publish(file.constellation_uuid, "comment.created", shown)
    return shown


def require_author(user_uuid: str, comment_uuid: str) -> None:
    """Only its author changes the text of a comment; raises Forbidden for others."""
    author = db.session.scalar(select(Comment.author_uuid).where(Comment.uuid == comment_uuid))
    _require_own(user_uuid, author)


def change(user_uuid: str, file_uuid: str, comment_uuid: str, content: str) -> Shape:
    """The comment with its new text; publishes `comment.updated`. Raises NotFound, Forbidden."""
    with transaction() as session:
        file, _ = lock_thing(session, File, file_uuid, user_uuid, Rights.COMMENT)
        comment = _get(session, file_uuid, comment_uuid)
        _require_own(user_uuid, comment.author_uuid)
        comment.content = content
        shown = shapes.comment(comment)
    live.publish(file.constellation_uuid, "comment.updated", shown)
    return shown


def delete(user_uuid: str, file_uuid: str, comment_uuid: str) -> None:
    """Removes the comment and the replies to it; publishes `comment.deleted` (`{comment_uuid}`) for it alone.

    Raises NotFound, Forbidden.
    """
    with transaction() as session:
        file, rights = lock_thing(session, File, file_uuid, user_uuid, Rights.COMMENT)
        comment = _get(session, file_uuid, comment_uuid)
        if rights < Rights.ADMIN:
            _require_own(user_uuid, comment.author_uuid)
        session.delete(comment)
    live.publish(file.constellation_uuid, "comment.deleted", {"comment_uuid": comment_uuid})


def _get(session: Session, file_uuid: str, comment_uuid: str) -> Comment:
    comment = session.get(Comment, comment_uuid)
    if comment is None or comment.file_uuid != file_uuid:
        raise NotFound(absent("Comment"))
    return comment


def _require_own(user_uuid: str, author_uuid: str | None) -> None:
    if author_uuid != user_uuid:
        raise Forbidden(NOT_YOURS)
