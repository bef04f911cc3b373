"""Endpoints for searching posts, comments and users."""

from typing import Annotated

from pydantic import ConfigDict, Field

from .. import search
from ..extensions import limiter
from ..models import Comment, Post
from ..models.search import MAX_LENGTH
from ..rate_limiting.limits import SEARCH, SEARCH_SCOPE
from . import api
from .comments import comment_rows
from .endpoint import endpoint
from .pagination import Limit, Paging, list_page
from .posts import post_rows
from .request_parsing import NO_NUL, QueryParams
from .responses import ResponseBody
from .schemas import CommentOut, Id, PageOut, PostOut, ResourceUrl, url_of

searches = limiter.shared_limit(SEARCH, scope=SEARCH_SCOPE)
Words = Annotated[str, Field(max_length=MAX_LENGTH, pattern=NO_NUL)]
ALL_REQUIRED = ConfigDict(json_schema_serialization_defaults_required=True)
EXCERPT = Field("", description="The text around the first word, as HTML; words are in <mark>.")


class SearchQuery(Paging):
    """The words of a search."""

    q: Words = Field("", description="Words. The first ten count; results have all of them.")


class UserSearchQuery(QueryParams):
    """The beginning of a name."""

    q: Words = Field("", description="The beginning of a username or display name.")
    limit: Limit = Field(20, description="Maximum number of results.")


class FoundPostOut(PostOut):
    """A post that was found."""

    model_config = ALL_REQUIRED
    excerpt_html: str = EXCERPT


class FoundCommentOut(CommentOut):
    """A comment that was found."""

    model_config = ALL_REQUIRED
    excerpt_html: str = EXCERPT


class FoundUserOut(ResponseBody):
    """A user who was found."""

    id: Id
    url: Annotated[ResourceUrl, url_of("api.user")]
    username: str
    name: str | None


class FoundPostList(PageOut):
    """A page of posts that were found."""

    posts: list[FoundPostOut] = Field(validation_alias="items")


class FoundCommentList(PageOut):
    """A page of comments that were found."""

    comments: list[FoundCommentOut] = Field(validation_alias="items")


class FoundUserList(ResponseBody):
    """The users who were found, sorted by username."""

    users: list[FoundUserOut]


@api.get("/search/posts/", strict_slashes=False)
@searches
@endpoint(query=SearchQuery, response=FoundPostList)
def search_posts(query: SearchQuery) -> FoundPostList:
    """Search posts, newest first.

    Common English words such as “the” are ignored; other forms of a word are found, too.
    """
    found = list_page(FoundPostList, search.find(Post, post_rows(), query.q), query)
    for post in found.posts:
        post.excerpt_html = search.excerpt(post.body_html, query.q)
    return found


@api.get("/search/comments/", strict_slashes=False)
@searches
@endpoint(query=SearchQuery, response=FoundCommentList)
def search_comments(query: SearchQuery) -> FoundCommentList:
    """Search comments, newest first.

    Disabled comments are not found.
    """
    found = list_page(FoundCommentList, search.find(Comment, comment_rows(), query.q), query)
    for comment in found.comments:
        comment.excerpt_html = search.excerpt(comment.body_html or "", query.q)
    return found


@api.get("/search/users/", strict_slashes=False)
@searches
@endpoint(query=UserSearchQuery, response=FoundUserList)
def search_users(query: UserSearchQuery) -> FoundUserList:
    """Search users by the beginning of a name.

    Sorted by username. There are no further pages: send more characters instead.
    """
    return FoundUserList.of({"users": search.find_users(query.q, query.limit)})
