"""Endpoints for posts."""

from functools import cache

from flask import abort
from flask_login import current_user

from .. import deletion
from ..audit import record_moderation
from ..extensions import db
from ..models import Permission, Post, Rows, Target
from ..permissions import can_delete, can_edit, without_hidden
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .pagination import Paging, list_page
from .reports import file_report
from .responses import require_match
from .schemas import PostIn, PostList, PostOut, ReportIn


@cache
def post_rows() -> Rows:
    """Return the query for posts with the columns of `PostOut`."""
    return Post.rows().add_columns(Post.body)


def get_one(id: int) -> PostOut:
    """Return a post; abort with 404 if there is none."""
    return PostOut.of(db.session.execute(post_rows().where(Post.id == id)).first() or abort(404))


@api.get("/posts/", strict_slashes=False)
@endpoint(query=Paging, response=PostList)
def posts(query: Paging) -> PostList:
    """List all posts, newest first."""
    return list_page(PostList, without_hidden(post_rows(), Post), query)


@api.post("/posts/", strict_slashes=False)
@endpoint(permission=Permission.WRITE, body=PostIn, response=PostOut, status=201, replay=get_one)
def create_post(body: PostIn) -> PostOut:
    """Create a post."""
    post = Post(body=body.body, author_id=current_user.id)
    db.session.add(post)
    db.session.flush()
    return get_one(post.id)


@api.get("/posts/<id:id>")
@endpoint(response=PostOut)
def post(id: int) -> PostOut:
    """Retrieve a post."""
    return get_one(id)


@api.put("/posts/<id:id>")
@endpoint(permission=AUTHENTICATED, body=PostIn, response=PostOut, conditional=True)
def edit_post(id: int, body: PostIn) -> PostOut:
    """Update a post.

    Users can update their own posts, administrators all posts.
    """
    post = Post.find(id) or abort(404)
    if not can_edit(post.author_id):
        abort(403)
    require_match(post, get_one)
    post.edit(body.body)
    record_moderation("post_edited", post.author_id, id)
    return get_one(id)


@api.delete("/posts/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204, conditional=True)
def delete_post(id: int) -> None:
    """Delete a post and its comments.

    Users can delete their own posts, moderators all posts.
    """
    post = Post.find(id) or abort(404)
    if not can_delete(post.author_id):
        abort(403)
    require_match(post, get_one)
    deletion.delete_post(post)
    record_moderation("post_deleted", post.author_id, id)


@api.put("/posts/<id:id>/report")
@endpoint(permission=AUTHENTICATED, body=ReportIn, status=204)
def report_post(id: int, body: ReportIn) -> None:
    """Report a post to the moderators.

    A second report replaces your first one, until moderators have reviewed it.
    """
    post = Post.find(id) or abort(404)
    file_report(Target("post", id, post.author_id), body)
