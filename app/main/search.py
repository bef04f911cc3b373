"""The search page."""

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import SearchField, SubmitField

from .. import search as searching
from ..extensions import limiter
from ..forms import Form, MaxLength, strip
from ..models import Comment, Post
from ..models.search import MAX_LENGTH
from ..pagination import Page, paginate
from ..rate_limiting.limits import SEARCH, SEARCH_SCOPE
from . import main

MAX_USERS = 20


class SearchForm(Form):
    """Search; sent by GET."""

    class Meta:
        """Without a token: the form changes nothing."""

        csrf = False

    q = SearchField(_l("Search for"), [MaxLength(MAX_LENGTH)], filters=[strip])
    submit = SubmitField(_l("Search"), name="")


@main.get("/search", defaults={"kind": "posts"})
@main.get("/search/<any(comments, users):kind>")
@limiter.shared_limit(SEARCH, scope=SEARCH_SCOPE)
def search(kind: str) -> ResponseReturnValue:
    """Search posts, comments or users."""
    form = SearchForm(request.args)
    is_valid = form.validate()
    query = form.q.data or ""
    page = _page(kind, query) if is_valid and query else None
    return render_template(
        "search.html",
        form=form,
        kind=kind,
        query=query,
        page=page,
        max_users=MAX_USERS,
        excerpt=searching.excerpt,
    ), 200 if is_valid else 400


def _page(kind: str, query: str) -> Page:
    if kind == "users":
        return Page(searching.find_users(query, MAX_USERS), None, None)
    is_post = kind == "posts"
    model, rows = (Post, Post.rows()) if is_post else (Comment, Comment.rows_of_all_posts())
    found = searching.find(model, rows, query)
    return paginate(found, current_app.config["FLASKY_POSTS_PER_PAGE"], q=query)
