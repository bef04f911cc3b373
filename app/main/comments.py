"""Deleting and moderating comments. They are created on the page of a post: see posts.py."""

from collections.abc import Callable

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from ..audit import record_moderation
from ..extensions import db
from ..forms import ConfirmForm
from ..models import Comment, Permission, Query, Rows, Slice, Target
from ..pagination import Page, paginate
from ..permissions import can_delete, permission_required
from ..security.redirects import redirect_target
from . import main
from .reports import report_page


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
    url = url_for(".post", id=row.post_id, _anchor=f"comment-{id}")
    return report_page(Target("comment", id, row.author_id), row.username, url)


@main.get("/moderate")
@permission_required(Permission.MODERATE)
def moderate() -> ResponseReturnValue:
    """List all comments, newest first, with their moderation status."""
    page = comment_page(Comment.rows_of_all_posts())
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


def comment_page(rows: Rows | Callable[[Slice], Query]) -> Page:
    """Return the requested page of the comments in `rows`."""
    return paginate(rows, current_app.config["FLASKY_COMMENTS_PER_PAGE"])
