"""Posts: the feeds, the page of a post with its comments, and creating, editing, deleting them."""

from collections.abc import Callable
from typing import TypeVar

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required

from .. import deletion, markdown
from ..audit import record_moderation
from ..extensions import db, login_manager
from ..forms import ConfirmForm
from ..models import Comment, Permission, Post, Query, Rows, Slice, Target, feed_of
from ..pagination import Page, paginate
from ..permissions import can_delete, can_edit, hides_users, is_blocked, without_hidden
from . import main
from .cards import preview_of, with_root
from .comments import BESIDE_COMMENTS, comment_page
from .forms import TOO_MUCH_FORMATTING, CommentForm, EditPostForm, PostForm
from .reports import report_page

FormType = TypeVar("FormType", PostForm, CommentForm)
FEEDS = {"all", "followed"}


@main.route("/", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """Show all posts, newest first, and create a post."""
    form = _form_if_permitted(PostForm, Permission.WRITE)
    if form and not form.preview.data and form.validate_on_submit():
        db.session.add(Post(body=form.body.data, author=current_user._get_current_object()))
        db.session.commit()
        flash(gettext("Your post has been published."), "success")
        return redirect(url_for(".index"))
    return _render_feed("all", form)


@main.get("/followed")
@login_required
def followed() -> ResponseReturnValue:
    """Show the posts of the users that the current user follows."""
    return _render_feed("followed", None)


@main.route("/post/<id:id>", methods=["GET", "POST"])
def post(id: int) -> ResponseReturnValue:
    """Show a post with its comments, and create a comment."""
    form = _form_if_permitted(CommentForm, Permission.COMMENT)
    row = db.session.execute(Post.rows().where(Post.id == id)).first() or abort(404)
    blocked = is_blocked(row.author_id)
    if form and not blocked and not form.preview.data and form.validate_on_submit():
        author = current_user._get_current_object()
        comment = Comment(body=form.body.data, author=author, post_id=id)
        db.session.add(comment)
        db.session.commit()
        flash(gettext("Your comment has been published."), BESIDE_COMMENTS)
        return redirect(url_for(".post", id=id, _anchor=f"comment-{comment.id}"))
    page = render_template(
        "posts/post.html",
        post=row,
        page=comment_page(without_hidden(Comment.rows(), Comment, post_id=id)),
        form=form,
        blocked=blocked,
        preview_html=preview_of(form, markdown.render_comment),
    )
    return page, 403 if blocked and request.method == "POST" else 200


@main.route("/edit/<id:id>", methods=["GET", "POST"])
@login_required
def edit(id: int) -> ResponseReturnValue:
    """Edit a post, as its author or an administrator."""
    post = Post.find(id) or abort(404)
    if not can_edit(post.author_id):
        abort(403)
    form = EditPostForm(obj=post)
    if not form.preview.data and form.validate_on_submit():
        post.edit(str(form.body.data))
        record_moderation("post_edited", post.author_id, id)
        db.session.commit()
        flash(gettext("The post has been updated."), "success")
        return redirect(url_for(".post", id=id))
    preview_html = preview_of(form, markdown.render_post)
    return render_template("posts/edit.html", post=post, form=form, preview_html=preview_html)


@main.route("/post/<id:id>/deletion", methods=["GET", "POST"])
@login_required
def delete_post(id: int) -> ResponseReturnValue:
    """Delete a post and its comments after confirmation."""
    post = Post.find(id) or abort(404)
    if not can_delete(post.author_id):
        abort(403)
    form = ConfirmForm()
    if form.validate_on_submit():
        deletion.delete_post(post)
        record_moderation("post_deleted", post.author_id, id)
        db.session.commit()
        flash(gettext("The post has been deleted."), "success")
        return redirect(url_for(".index"))
    row = db.session.execute(Post.rows().where(Post.id == id)).one()
    return render_template("posts/delete.html", post=row, form=form)


@main.route("/post/<id:id>/report", methods=["GET", "POST"])
@login_required
def report_post(id: int) -> ResponseReturnValue:
    """Report a post to the moderators."""
    row = db.session.execute(Post.rows().where(Post.id == id)).first() or abort(404)
    target, url = Target("post", id, row.author_id), url_for(".post", id=id)
    return report_page(target, row.username, url)


@main.post("/preview")
@login_required
def preview() -> ResponseReturnValue:
    """Return the text rendered as HTML, for the live preview (composer.js)."""
    is_comment = request.form.get("kind") == "comment"
    render = markdown.render_comment if is_comment else markdown.render_post
    length = Comment.MAX_LENGTH if is_comment else Post.MAX_LENGTH
    body = request.form.get("body", "")[:length]
    try:
        return with_root(render(body)) if body.strip() else ("", 204)
    except markdown.TooLong:
        abort(400, str(TOO_MUCH_FORMATTING))


def post_page(rows: Rows | Callable[[Slice], Query]) -> Page:
    """Return the requested page of the posts in `rows`."""
    return paginate(rows, current_app.config["FLASKY_POSTS_PER_PAGE"])


def feed_rows(feed: str, rows: Rows) -> Callable[[Slice], Query]:
    """Return a function that returns a slice of the posts in `rows` that are in this feed."""
    if feed == "followed":
        return feed_of(current_user.id, rows, hides_users())
    return without_hidden(rows, Post)


def _render_feed(feed: str, form: PostForm | None) -> str:
    preview_html = preview_of(form, markdown.render_post)
    page = post_page(feed_rows(feed, Post.rows()))
    return render_template(
        "index.html", feed=feed, page=page, form=form, preview_html=preview_html
    )


def _form_if_permitted(form_class: type[FormType], permission: int) -> FormType | None:
    """Return the form, or None without the permission; then a POST request is refused."""
    if current_user.can(permission):
        return form_class()
    if request.method == "POST":
        abort(403 if current_user.is_authenticated else login_manager.unauthorized())
    return None
