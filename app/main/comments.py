"""Comments: deleting them. They are written below a post (posts.py)."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from ..extensions import db
from ..forms import ConfirmForm
from ..models import Comment
from ..permissions import may_delete
from . import main


@main.route("/comment/<id:id>/deletion", methods=["GET", "POST"])
@login_required
def delete_comment(id: int) -> ResponseReturnValue:
    """Ask once more, then delete a comment."""
    comment = db.get_or_404(Comment, id)
    if not may_delete(comment.author_id):
        abort(403)
    form = ConfirmForm()
    if form.validate_on_submit():
        db.session.delete(comment)
        db.session.commit()
        flash(gettext("The comment has been deleted."), "success")
        return redirect(url_for(".post", id=comment.post_id))
    shown = db.session.execute(Comment.rows().where(Comment.id == id)).one()
    return render_template("comments/delete.html", comment=shown, form=form)
