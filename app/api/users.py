"""People: their profiles, their posts, and the posts of those whom one follows."""

from flask import abort
from flask_login import current_user

from ..extensions import db
from ..models import Post, User
from ..permissions import may_see
from . import api
from .contract import MEMBER, operation
from .input import Paging
from .posts import listed, post_rows
from .schemas import CountedPosts, Posts, UserOut


@api.get("/users/<id:id>")
@operation(answer=UserOut)
def user(id: int) -> UserOut:
    """Read a profile."""
    return UserOut.of(visible_user(id))


@api.get("/users/<id:id>/posts/", strict_slashes=False)
@operation(query=Paging, answer=CountedPosts)
def user_posts(id: int, query: Paging) -> CountedPosts:
    """List the posts of a person, newest first."""
    user = visible_user(id)
    found = listed(post_rows().where(Post.author_id == id), query)
    return CountedPosts(**dict(found), count=user.post_count)


@api.get("/users/<id:id>/timeline/", strict_slashes=False)
@operation(needs=MEMBER, query=Paging, answer=Posts)
def timeline(id: int, query: Paging) -> Posts:
    """List the posts of the people whom you follow, newest first.

    Nobody sees what another reads: only your own id works.
    """
    if current_user.id != id:
        abort(403, "A timeline is for the person whose it is.")
    return listed(Post.rows_followed_by(current_user).add_columns(Post.body), query)


def visible_user(id: int) -> User:
    """Return the user of this id, if there is one that the caller may see."""
    user = db.get_or_404(User, id)
    if not may_see(user):
        abort(404)
    return user
