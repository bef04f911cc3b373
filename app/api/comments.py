"""Endpoints for comments, and for moderators to hide them."""

from functools import cache

from flask import abort
from flask_login import current_user

from ..audit import record_moderation
from ..errors.problem_details import APIError
from ..extensions import db
from ..models import Comment, Permission, Post, Rows, Target
from ..permissions import can_delete, can_edit, is_blocked, without_hidden
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .hidden_users import blocked
from .pagination import Paging, list_page
from .reports import file_report
from .responses import require_match
from .schemas import CommentIn, CommentList, CommentOut, CountedCommentList, ReportIn


@cache
def comment_rows() -> Rows:
    """Return the query for comments with the columns of `CommentOut`."""
    return Comment.rows_of_all_posts().add_columns(Comment.body)


@cache
def comment_rows_of_post() -> Rows:
    """Return the same for the comments on a post that is not hidden."""
    return Comment.rows().add_columns(Comment.body)


def get_one(id: int) -> CommentOut:
    """Return a comment; abort with 404 if there is none."""
    row = db.session.execute(comment_rows().where(Comment.id == id)).first()
    return CommentOut.of(row or abort(404))


@api.get("/posts/<id:id>/comments/", strict_slashes=False)
@endpoint(query=Paging, response=CountedCommentList)
def post_comments(id: int, query: Paging) -> CountedCommentList:
    """List the comments on a post, newest first."""
    post = Post.find(id) or abort(404)
    rows = without_hidden(comment_rows_of_post(), Comment, post_id=id)
    return list_page(CountedCommentList, rows, query, count=post.comment_count)


@api.post("/posts/<id:id>/comments/", strict_slashes=False)
@endpoint(
    permission=Permission.COMMENT, body=CommentIn, response=CommentOut, status=201, replay=get_one
)
def create_comment(id: int, body: CommentIn) -> CommentOut:
    """Create a comment on a post.

    Not on one of a user whom you have blocked or who has blocked you.
    """
    post = Post.find(id) or abort(404)
    if is_blocked(post.author_id):
        raise blocked()
    comment = Comment(body=body.body, author_id=current_user.id, post_id=post.id)
    db.session.add(comment)
    db.session.flush()
    return get_one(comment.id)


@api.get("/comments/", strict_slashes=False)
@endpoint(query=Paging, response=CommentList)
def comments(query: Paging) -> CommentList:
    """List all comments, newest first."""
    return list_page(CommentList, without_hidden(comment_rows(), Comment), query)


@api.get("/comments/<id:id>")
@endpoint(response=CommentOut)
def comment(id: int) -> CommentOut:
    """Retrieve a comment."""
    return get_one(id)


@api.put("/comments/<id:id>")
@endpoint(permission=AUTHENTICATED, body=CommentIn, response=CommentOut, conditional=True)
def edit_comment(id: int, body: CommentIn) -> CommentOut:
    """Update a comment.

    Users can update their own comments, administrators all comments; not hidden ones, and not on a
    post of a user whom you have blocked or who has blocked you.
    """
    comment = db.get_or_404(Comment, id)
    post = Post.find(comment.post_id) or abort(404)
    if not can_edit(comment.author_id):
        abort(403)
    if comment.disabled:
        raise APIError(403, "A moderator has hidden this comment.", reason="disabled")
    if is_blocked(post.author_id):
        raise blocked()
    require_match(comment, get_one)
    comment.edit(body.body)
    record_moderation("comment_edited", comment.author_id, id)
    return get_one(id)


@api.delete("/comments/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204, conditional=True)
def delete_comment(id: int) -> None:
    """Delete a comment.

    Users can delete their own comments, moderators all comments.
    """
    comment = db.get_or_404(Comment, id)
    if not can_delete(comment.author_id):
        abort(403)
    require_match(comment, get_one)
    db.session.delete(comment)
    record_moderation("comment_deleted", comment.author_id, id)


@api.put("/comments/<id:id>/suspension")
@endpoint(permission=Permission.MODERATE, response=CommentOut, conditional=True)
def suspend_comment(id: int) -> CommentOut:
    """Hide a comment.

    Requires the Moderate permission. Only moderators can read the text of a hidden comment.
    """
    comment = db.get_or_404(Comment, id)
    require_match(comment, get_one)
    comment.suspend(by=current_user._get_current_object())
    record_moderation("comment_disabled", comment.author_id, id)
    return get_one(id)


@api.delete("/comments/<id:id>/suspension")
@endpoint(permission=Permission.MODERATE, response=CommentOut, conditional=True)
def restore_comment(id: int) -> CommentOut:
    """Show a hidden comment again.

    Requires the Moderate permission.
    """
    comment = db.get_or_404(Comment, id)
    require_match(comment, get_one)
    comment.restore()
    record_moderation("comment_enabled", comment.author_id, id)
    return get_one(id)


@api.put("/comments/<id:id>/report")
@endpoint(permission=AUTHENTICATED, body=ReportIn, status=204)
def report_comment(id: int, body: ReportIn) -> None:
    """Report a comment to the moderators.

    A second report replaces your first one, until moderators have reviewed it.
    """
    row = db.session.execute(comment_rows().where(Comment.id == id)).first() or abort(404)
    file_report(Target("comment", id, row.author_id), body)
