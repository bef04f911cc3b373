"""Posts: the lists on the home page, one post with its comments, writing, editing, deleting."""

from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required
from markupsafe import Markup

from .. import markup
from ..extensions import db, login_manager
from ..forms import ConfirmForm
from ..models import Comment, Permission, Post
from ..pagination import Page, paginate
from ..permissions import may_delete, may_edit
from . import main
from .forms import CommentForm, EditPostForm, PostForm


@main.route("/", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Show everyone's posts, newest first, and take a new one."""
    form = PostForm() if current_user.can(Permission.WRITE) else None
    if request.method == "POST" and form is None:
        return _refuse()
    if form and not form.was_previewed() and form.validate_on_submit():
        db.session.add(Post(body=form.body.data, author=current_user._get_current_object()))
        db.session.commit()
        return redirect(url_for(".index"))
    return _home("all", Post.rows(), form)


@main.get("/followed")
@login_required
def followed() -> ResponseReturnValue:
    """Show the posts of the people the reader follows."""
    return _home("followed", Post.rows_followed_by(current_user), None)


@main.route("/post/<id:id>", methods=["GET", "POST"])
def post(id: int) -> ResponseReturnValue:
    """Show a post with its comments, and take a new comment."""
    form = CommentForm() if current_user.can(Permission.COMMENT) else None
    if request.method == "POST" and form is None:
        return _refuse()
    shown = db.session.execute(Post.rows().where(Post.id == id)).first() or abort(404)
    if form and not form.was_previewed() and form.validate_on_submit():
        author = current_user._get_current_object()
        db.session.add(Comment(body=form.body.data, author=author, post_id=id))
        db.session.commit()
        flash(gettext("Your comment has been published."), "success")
        return redirect(url_for(".post", id=id))
    comments = Comment.rows().where(Comment.post_id == id)
    per_page = current_app.config["FLASKY_COMMENTS_PER_PAGE"]
    return render_template(
        "posts/post.html",
        post=shown,
        page=paginate(comments, Comment.timestamp, Comment.id, per_page),
        form=form,
        preview_html=_preview(form, markup.render_comment),
    )


@main.route("/edit/<id:id>", methods=["GET", "POST"])
@login_required
def edit(id: int) -> ResponseReturnValue:
    """Let the author, or an administrator, change a post."""
    post = db.get_or_404(Post, id)
    if not may_edit(post.author_id):
        abort(403)
    form = EditPostForm(obj=post)
    if not form.was_previewed() and form.validate_on_submit():
        post.body = str(form.body.data)
        db.session.commit()
        flash(gettext("The post has been changed."), "success")
        return redirect(url_for(".post", id=id))
    preview_html = _preview(form, markup.render_post)
    return render_template("posts/edit.html", post=post, form=form, preview_html=preview_html)


@main.route("/post/<id:id>/deletion", methods=["GET", "POST"])
@login_required
def delete_post(id: int) -> ResponseReturnValue:
    """Ask once more, then delete a post with its comments."""
    post = db.get_or_404(Post, id)
    if not may_delete(post.author_id):
        abort(403)
    form = ConfirmForm()
    if form.validate_on_submit():
        db.session.delete(post)
        db.session.commit()
        flash(gettext("The post has been deleted."), "success")
        return redirect(url_for(".index"))
    shown = db.session.execute(Post.rows().where(Post.id == id)).one()
    return render_template("posts/delete.html", post=shown, form=form)


@main.post("/preview")
@login_required
def preview() -> ResponseReturnValue:
    """Return the HTML that a text would become: the composer shows it while one types."""
    body, is_comment = request.form.get("body", ""), request.form.get("kind") == "comment"
    if not body.strip():
        return "", 204
    if is_comment:
        return markup.render_comment(body[: Comment.MAX_LENGTH])
    return markup.render_post(body[: Post.MAX_LENGTH])


def post_page(rows: Any) -> Page:
    """Return the page of posts among `rows` that the request asks for."""
    return paginate(rows, Post.timestamp, Post.id, current_app.config["FLASKY_POSTS_PER_PAGE"])


def _home(feed: str, rows: Any, form: PostForm | None) -> str:
    return render_template(
        "index.html",
        feed=feed,
        page=post_page(rows),
        form=form,
        preview_html=_preview(form, markup.render_post),
    )


def _preview(form: Any, render: Any) -> Markup | None:
    """Return what the text becomes, when “Preview” was pressed and there is a text."""
    if form is None or not form.was_previewed() or not form.validate():
        return None
    return Markup(render(form.body.data))  # noqa: S704 - render() returns sanitised HTML


def _refuse() -> ResponseReturnValue:
    """Answer someone who may not write: log in first, or not at all."""
    if current_user.is_authenticated:
        abort(403)
    return login_manager.unauthorized()  # type: ignore[no-any-return]  # Flask-Login has no types
