"""The newest public posts for feed readers (Atom, RFC 4287) and search engines (sitemap.xml).

Both are the same for everyone: blocked and muted users are not left out.
"""

import re

from flask import Response, render_template, request
from sqlalchemy import select

from ..extensions import db
from ..mail.messages import site_url
from ..models import Post, User, slices
from ..pagination import EPOCH, Page
from . import main
from .posts import post_page
from .users import get_user_or_404

MAX_SITEMAP_POSTS = 1000  # the protocol allows 50,000, but search engines follow links, too
# Characters that XML 1.0 cannot contain, not even escaped.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@main.app_template_filter()
def xml(text: str) -> str:
    """Return the text without the characters that XML forbids. HTML will be escaped as text."""
    return NOT_XML.sub("", str(text))


@main.get("/posts.atom")
def posts_atom() -> Response:
    """Return the newest posts as an Atom feed."""
    return _atom(post_page(Post.rows()), None)


@main.get("/user/<username>/posts.atom")
def user_atom(username: str) -> Response:
    """Return the newest posts of a user as an Atom feed."""
    user = get_user_or_404(username)
    return _atom(post_page(slices(Post.rows(), author_id=user.id)), user)


@main.get("/sitemap.xml")
def sitemap() -> Response:
    """Return the URLs of the newest posts, and of the profiles of their authors."""
    rows = select(Post.id, Post.timestamp, Post.edited_at, User.username)
    rows = rows.join(User, User.id == Post.author_id)
    newest = rows.where(*Post.visible()).order_by(Post.timestamp.desc(), Post.id.desc())
    posts = db.session.execute(newest.limit(MAX_SITEMAP_POSTS)).all()
    # Building 1,000 URLs would take longer than the rest.
    base = site_url("main.index")
    return _xml(render_template("site/sitemap.xml", posts=posts, base=base), "application/xml")


def _atom(page: Page, user: User | None) -> Response:
    updated = max(
        (post.edited_at or post.timestamp for post in page.items),
        default=user.member_since if user else EPOCH,
    )
    text = render_template("site/posts.xml", posts=page.items, user=user, updated=updated)
    return _xml(text, "application/atom+xml")


def _xml(text: str, mimetype: str) -> Response:
    """Return the document; 304 if the client has it."""
    response = Response(text, mimetype=mimetype)
    response.add_etag()
    response.make_conditional(request)
    return response
