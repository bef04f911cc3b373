"""Posts: listing, reading, writing, editing and deleting them."""

from flask import abort
from flask_login import current_user

from ..extensions import db
from ..models import Permission, Post, Rows
from ..permissions import may_delete, may_edit
from . import api
from .answers import require_match
from .contract import MEMBER, operation
from .input import Paging
from .lists import beside, part
from .schemas import PostIn, PostOut, Posts


def post_rows() -> Rows:
    """Return posts with all that a program is told of them."""
    return Post.rows().add_columns(Post.body)


def shown(id: int) -> PostOut:
    """Return one post."""
    return PostOut.of(db.session.execute(post_rows().where(Post.id == id)).first() or abort(404))


@api.get("/posts/", strict_slashes=False)
@operation(query=Paging, answer=Posts)
def posts(query: Paging) -> Posts:
    """List everybody's posts, newest first."""
    return listed(post_rows(), query)


@api.post("/posts/", strict_slashes=False)
@operation(
    needs=Permission.WRITE,
    body=PostIn,
    answer=PostOut,
    status=201,
    repeatable=shown,
)
def create_post(body: PostIn) -> PostOut:
    """Write a post."""
    post = Post(body=body.body, author=current_user._get_current_object())
    db.session.add(post)
    db.session.flush()
    return shown(post.id)


@api.get("/posts/<id:id>")
@operation(answer=PostOut)
def post(id: int) -> PostOut:
    """Read a post."""
    return shown(id)


@api.put("/posts/<id:id>")
@operation(needs=MEMBER, body=PostIn, answer=PostOut, conditional=True)
def edit_post(id: int, body: PostIn) -> PostOut:
    """Change a post of yours.

    Administrators may change everybody's.
    """
    post = db.get_or_404(Post, id)
    if not may_edit(post.author_id):
        abort(403)
    require_match(post, lambda: shown(id))
    post.body = body.body
    return shown(id)


@api.delete("/posts/<id:id>")
@operation(needs=MEMBER, status=204, conditional=True)
def delete_post(id: int) -> None:
    """Delete a post of yours, with its comments.

    Moderators may delete everybody's.
    """
    post = db.get_or_404(Post, id)
    if not may_delete(post.author_id):
        abort(403)
    require_match(post, lambda: shown(id))
    db.session.delete(post)


def listed(rows: Rows, query: Paging) -> Posts:
    """Return a part of a list of posts."""
    page = part(rows, Post.timestamp, Post.id, query)
    return Posts(posts=[PostOut.of(row) for row in page], **beside(page))
