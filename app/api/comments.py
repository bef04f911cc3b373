"""Comments: listing, reading, writing and deleting them. They belong to a post."""

from typing import Any

from flask import abort
from flask_login import current_user

from ..extensions import db
from ..models import Comment, Permission, Post, Rows
from ..permissions import may_delete
from . import api
from .answers import require_match
from .contract import MEMBER, operation
from .input import Paging
from .lists import beside, part
from .schemas import CommentIn, CommentOut, Comments, CountedComments


def comment_rows() -> Rows:
    """Return comments with all that a program is told of them."""
    return Comment.rows().add_columns(Comment.body)


def shown(id: int) -> CommentOut:
    """Return one comment."""
    found = db.session.execute(comment_rows().where(Comment.id == id)).first()
    return CommentOut.of(found or abort(404))


@api.get("/posts/<id:id>/comments/", strict_slashes=False)
@operation(query=Paging, answer=CountedComments)
def post_comments(id: int, query: Paging) -> CountedComments:
    """List the comments on a post, newest first."""
    count = db.session.scalar(db.select(Post.comment_count).where(Post.id == id))
    if count is None:
        abort(404)
    page = _part(comment_rows().where(Comment.post_id == id), query)
    return CountedComments(**page, count=count)


@api.post("/posts/<id:id>/comments/", strict_slashes=False)
@operation(
    needs=Permission.COMMENT,
    body=CommentIn,
    answer=CommentOut,
    status=201,
    repeatable=shown,
)
def create_comment(id: int, body: CommentIn) -> CommentOut:
    """Comment on a post."""
    post = db.get_or_404(Post, id)
    author = current_user._get_current_object()
    comment = Comment(body=body.body, author=author, post_id=post.id)
    db.session.add(comment)
    db.session.flush()
    return shown(comment.id)


@api.get("/comments/", strict_slashes=False)
@operation(query=Paging, answer=Comments)
def comments(query: Paging) -> Comments:
    """List everybody's comments, newest first."""
    return Comments(**_part(comment_rows(), query))


@api.get("/comments/<id:id>")
@operation(answer=CommentOut)
def comment(id: int) -> CommentOut:
    """Read a comment."""
    return shown(id)


@api.delete("/comments/<id:id>")
@operation(needs=MEMBER, status=204, conditional=True)
def delete_comment(id: int) -> None:
    """Delete a comment of yours.

    Moderators may delete everybody's.
    """
    comment = db.get_or_404(Comment, id)
    if not may_delete(comment.author_id):
        abort(403)
    require_match(comment, lambda: shown(id))
    db.session.delete(comment)


def _part(rows: Rows, query: Paging) -> dict[str, Any]:
    page = part(rows, Comment.timestamp, Comment.id, query)
    return {"comments": [CommentOut.of(row) for row in page], **beside(page)}
