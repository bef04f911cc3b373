"""Live updates of a page (live.js): how many posts are new, and notifications unread.

`/live` answers in every process. nginx passes `/live/stream` to the process `live`, which sends
the same object again whenever it changes: see app/live/. Without it, browsers ask for `/live`.
"""

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..models import Post
from ..models.live import MAX_NEW
from ..pagination import paginate
from ..security.cache_control import no_store
from . import main
from .posts import FEEDS, feed_rows


@main.get("/live/stream", endpoint="live_stream")
@main.get("/live")
def live() -> ResponseReturnValue:
    """Return `{"posts": 3, "unread": 1}`. `posts` of the feed `?feed=` are newer than `?after=`.

    The user did nothing, so this is not recorded as a use of the session.
    """
    if not current_user.is_authenticated:
        return no_store(Response(status=403))
    session_id, unread = g.pop("credential").id, current_user.unread_count
    feed = request.args.get("feed") if "after" in request.args else None
    listener = request.environ.get("live.listener")
    if listener is not None:  # before the query, so that it misses no post
        listener.start(current_user.id, session_id, feed, unread)
    posts = set[int]()
    if feed in FEEDS:
        posts = {row.id for row in paginate(feed_rows(feed, Post.ids()), MAX_NEW + 1).items}
    if listener is not None:
        listener.posts |= posts
    return no_store(jsonify(posts=len(posts), unread=unread))
