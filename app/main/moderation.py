"""Moderation: the queue of comments, and hiding or showing them."""

from flask import current_app, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ..extensions import db
from ..models import Comment, Permission
from ..pagination import paginate
from ..permissions import permission_required
from ..security import redirect_target
from . import main


@main.get("/moderate")
@permission_required(Permission.MODERATE)
def moderate() -> ResponseReturnValue:
    """Show all comments, newest first, with what moderators did to them."""
    per_page = current_app.config["FLASKY_COMMENTS_PER_PAGE"]
    page = paginate(Comment.rows(), Comment.timestamp, Comment.id, per_page)
    return render_template("comments/moderate.html", page=page)


@main.post("/comment/<id:id>/suspension")
@permission_required(Permission.MODERATE)
def suspend_comment(id: int) -> ResponseReturnValue:
    """Hide a comment's text from readers."""
    comment = db.get_or_404(Comment, id)
    comment.suspend(by=current_user._get_current_object())
    db.session.commit()
    flash(gettext("The comment is hidden from readers now."), "success")
    return redirect(redirect_target("main.moderate"))


@main.post("/comment/<id:id>/restoration")
@permission_required(Permission.MODERATE)
def restore_comment(id: int) -> ResponseReturnValue:
    """Show a hidden comment's text again."""
    comment = db.get_or_404(Comment, id)
    comment.restore()
    db.session.commit()
    flash(gettext("Readers can see the comment again."), "success")
    return redirect(redirect_target("main.moderate"))
