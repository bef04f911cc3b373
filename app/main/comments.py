"""Finding, editing, deleting and moderating comments. posts.py creates them."""

from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from sqlalchemy import select, tuple_

from .. import markdown
from ..audit import record_moderation
from ..extensions import db
from ..forms import ConfirmForm
from ..models import Comment, Permission, Post, Query, Slice, Target, count_up_to, slices
from ..pagination import Page, cursor, paginate
from ..permissions import can_delete, can_edit, is_blocked, permission_required
from ..security.redirects import redirect_target
from . import main
from .cards import preview_of
from .forms import EditCommentForm
from .reports import report_page

BESIDE_COMMENTS = "comment"  # the category of a message that is shown there


@main.get("/comment/<id:id>")
def comment(id: int) -> ResponseReturnValue:
    """Redirect to the comment on the page of its post that shows it."""
    rows = Comment.rows_of_all_posts().where(Comment.id == id)
    return redirect(_url_of(db.session.execute(rows).first() or abort(404)))


@main.route("/comment/<id:id>/edit", methods=["GET", "POST"])
@login_required
def edit_comment(id: int) -> ResponseReturnValue:
    """Edit a comment, as its author or an administrator."""
    comment = db.get_or_404(Comment, id)
    post = Post.find(comment.post_id) or abort(404)
    if not can_edit(comment.author_id):
        abort(403)
    if comment.disabled:
        abort(403, gettext("A moderator has disabled this comment. It can’t be edited."))
    if is_blocked(post.author_id):
        abort(403, gettext("You can’t comment on this post: one of you has blocked the other."))
    form = EditCommentForm(obj=comment)
    if not form.preview.data and form.validate_on_submit():
        comment.edit(str(form.body.data))
        record_moderation("comment_edited", comment.author_id, id)
        db.session.commit()
        flash(gettext("The comment has been updated."), BESIDE_COMMENTS)
        return redirect(_url_of(comment))
    preview_html = preview_of(form, markdown.render_comment)
    return render_template(
        "comments/edit.html", comment=comment, form=form, preview_html=preview_html
    )


@main.route("/comment/<id:id>/deletion", methods=["GET", "POST"])
@login_required
def delete_comment(id: int) -> ResponseReturnValue:
    """Delete a comment after confirmation."""
    comment = db.get_or_404(Comment, id)
    if not can_delete(comment.author_id):
        abort(403)
    form = ConfirmForm()
    if form.validate_on_submit():
        db.session.delete(comment)
        record_moderation("comment_deleted", comment.author_id, id)
        db.session.commit()
        flash(gettext("The comment has been deleted."), "success")
        return redirect(url_for(".post", id=comment.post_id))
    row = db.session.execute(Comment.rows().where(Comment.id == id)).first() or abort(404)
    return render_template("comments/delete.html", comment=row, form=form)


@main.route("/comment/<id:id>/report", methods=["GET", "POST"])
@login_required
def report_comment(id: int) -> ResponseReturnValue:
    """Report a comment to the moderators."""
    rows = Comment.rows_of_all_posts().where(Comment.id == id)
    row = db.session.execute(rows).first() or abort(404)
    target, url = Target("comment", id, row.author_id), url_for(".comment", id=id)
    return report_page(target, row.username, url)


@main.get("/moderate")
@permission_required(Permission.MODERATE)
def moderate() -> ResponseReturnValue:
    """List all comments, newest first, with their moderation status."""
    page = comment_page(slices(Comment.rows_of_all_posts()))
    return render_template("comments/moderate.html", page=page)


@main.post("/comment/<id:id>/suspension")
@permission_required(Permission.MODERATE)
def suspend_comment(id: int) -> ResponseReturnValue:
    """Hide the text of a comment from everyone but moderators."""
    comment = db.get_or_404(Comment, id)
    comment.suspend(by=current_user._get_current_object())
    record_moderation("comment_disabled", comment.author_id, id)
    db.session.commit()
    flash(gettext("The comment has been disabled."), "success")
    return redirect(redirect_target("main.moderate"))


@main.post("/comment/<id:id>/restoration")
@permission_required(Permission.MODERATE)
def restore_comment(id: int) -> ResponseReturnValue:
    """Show the text of a disabled comment again."""
    comment = db.get_or_404(Comment, id)
    comment.restore()
    record_moderation("comment_enabled", comment.author_id, id)
    db.session.commit()
    flash(gettext("The comment has been enabled."), "success")
    return redirect(redirect_target("main.moderate"))


def comment_page(rows: Callable[[Slice], Query]) -> Page:
    """Return the requested page of the comments in `rows`."""
    return paginate(rows, current_app.config["FLASKY_COMMENTS_PER_PAGE"])


def _url_of(comment: Any) -> str:
    """Return the URL of the first page with the comment, or of one that begins with it."""
    key = tuple_(Comment.timestamp, Comment.id)
    newer = select(Comment.id).where(
        Comment.post_id == comment.post_id, key > (comment.timestamp, comment.id)
    )
    per_page = current_app.config["FLASKY_COMMENTS_PER_PAGE"]
    is_on_first = (db.session.scalar(select(count_up_to(newer, per_page - 1))) or 0) < per_page
    before = None if is_on_first else cursor(comment.timestamp, comment.id + 1)
    anchor = f"comment-{comment.id}"
    return url_for(".post", id=comment.post_id, before=before, _anchor=anchor)
