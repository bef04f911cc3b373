"""What goes over the wire. Names are those that readers of the book know."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from flask import url_for
from pydantic import Field

from ..models import AccessToken, Comment, Post, User
from ..permissions import may_read_suspended
from .answers import Answer
from .input import NO_NUL, ONE_LINE, SOMETHING, WHOLE, Body

Id = Annotated[int, Field(ge=1)]
Url = Annotated[str, Field(description="An absolute address.")]
Address = Annotated[str, Field(max_length=64, pattern=NO_NUL)]


class PostIn(Body):
    """A post, as its author writes it."""

    body: str = Field(max_length=Post.MAX_LENGTH, pattern=SOMETHING, description="Markdown.")


class CommentIn(Body):
    """A comment, as its author writes it."""

    body: str = Field(max_length=Comment.MAX_LENGTH, pattern=SOMETHING, description="Markdown.")


class ProfileIn(Body):
    """What people say about themselves. A field that is left out stays as it is."""

    name: Address | None = None
    location: Address | None = None
    about_me: Annotated[str, Field(max_length=1000, pattern=NO_NUL)] | None = None


class TokenIn(Body):
    """A token that is asked for."""

    name: str = Field(max_length=64, pattern=ONE_LINE, description="What it is for.")
    read_only: bool = Field(False, description="It may not change anything.")
    days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = Field(
        None, description="How long it works; if left out, as the site has set (API_TOKEN_DAYS)."
    )


class PostOut(Answer):
    """A post."""

    COUNTED: ClassVar[frozenset[str]] = frozenset({"comment_count"})

    id: Id
    url: Url
    body: str = Field(description="Markdown.")
    body_html: str = Field(description="The same, as safe HTML.")
    timestamp: datetime
    author: str = Field(description="The name of the account.")
    author_url: Url
    comments_url: Url
    comment_count: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row of `Post.rows()` with `Post.body`."""
        return cls(
            id=row.id,
            url=address("api.post", id=row.id),
            body=row.body,
            body_html=row.body_html,
            timestamp=row.timestamp,
            author=row.username,
            author_url=address("api.user", id=row.author_id),
            comments_url=address("api.post_comments", id=row.id),
            comment_count=row.comment_count,
        )


class CommentOut(Answer):
    """A comment. The text of a disabled one is for moderators alone."""

    id: Id
    url: Url
    body: str | None = Field(description="Markdown; null if it is hidden from you.")
    body_html: str | None = Field(description="The same, as safe HTML.")
    timestamp: datetime
    disabled: bool = Field(description="A moderator has hidden it.")
    author: str = Field(description="The name of the account.")
    author_url: Url
    post_url: Url

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row of `Comment.rows()` with `Comment.body`."""
        is_hidden = row.disabled and not may_read_suspended()
        return cls(
            id=row.id,
            url=address("api.comment", id=row.id),
            body=None if is_hidden else row.body,
            body_html=None if is_hidden else row.body_html,
            timestamp=row.timestamp,
            disabled=row.disabled,
            author=row.username,
            author_url=address("api.user", id=row.author_id),
            post_url=address("api.post", id=row.post_id),
        )


class UserOut(Answer):
    """What everybody may know of a person."""

    UNTAGGED: ClassVar[frozenset[str]] = frozenset({"last_seen"})
    COUNTED: ClassVar[frozenset[str]] = frozenset(
        {"post_count", "follower_count", "following_count"}
    )

    id: Id
    url: Url
    username: str
    name: str | None
    location: str | None
    about_me: str | None
    member_since: datetime
    last_seen: datetime
    posts_url: Url
    followed_posts_url: Url = Field(description="The timeline; for this person alone.")
    followers_url: Url
    following_url: Url
    post_count: int
    follower_count: int
    following_count: int

    @classmethod
    def of(cls, user: User) -> Self:
        """Return a profile."""
        return cls(**_profile(user))


class MeOut(UserOut):
    """What one may know of oneself."""

    email: str
    role: str | None

    @classmethod
    def of(cls, user: User) -> Self:
        """Return one's own profile."""
        role = user.role.name if user.role else None
        return cls(**_profile(user), email=user.email, role=role)


class PersonOut(Answer):
    """A person in a list."""

    id: Id
    url: Url
    username: str
    name: str | None
    timestamp: datetime = Field(description="Since when one follows the other.")

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return a row of `User.follower_rows()`."""
        return cls(
            id=row.id,
            url=address("api.user", id=row.id),
            username=row.username,
            name=row.name,
            timestamp=row.timestamp,
        )


class TokenOut(Answer):
    """A token, without its secret."""

    UNTAGGED: ClassVar[frozenset[str]] = frozenset({"last_used_at"})

    id: Id
    url: Url
    name: str
    read_only: bool
    timestamp: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")

    @classmethod
    def of(cls, token: Any) -> Self:
        """Return a token of the list."""
        return cls(**_token(token))


class NewTokenOut(TokenOut):
    """A token that was just made. Nobody will see its secret again."""

    token: str = Field(description="Send it as “Authorization: Bearer …”.")

    @classmethod
    def issued(cls, token: AccessToken, secret: str) -> Self:
        """Return a new token."""
        return cls(**_token(token), token=secret)


class Listed(Answer):
    """A part of a list, newest first, and the addresses of the parts beside it."""

    prev_url: Url | None = Field(description="What is newer.")
    next_url: Url | None = Field(description="What is older.")


class Posts(Listed):
    """Posts."""

    posts: list[PostOut]


class CountedPosts(Posts):
    """Posts, and how many there are in all."""

    count: int


class Comments(Listed):
    """Comments."""

    comments: list[CommentOut]


class CountedComments(Comments):
    """Comments, and how many there are in all."""

    count: int


class People(Listed):
    """People, and how many there are in all."""

    users: list[PersonOut]
    count: int


class Tokens(Listed):
    """Tokens that work."""

    tokens: list[TokenOut]


def address(endpoint: str, id: int) -> str:
    """Return the absolute address of something."""
    return url_for(endpoint, id=id, _external=True)


def _profile(user: User) -> dict[str, Any]:
    names = ("id", "username", "name", "location", "about_me", "member_since", "last_seen")
    counts = ("post_count", "follower_count", "following_count")
    return {name: getattr(user, name) for name in (*names, *counts)} | {
        "url": address("api.user", id=user.id),
        "posts_url": address("api.user_posts", id=user.id),
        "followed_posts_url": address("api.timeline", id=user.id),
        "followers_url": address("api.followers", id=user.id),
        "following_url": address("api.following", id=user.id),
    }


def _token(token: Any) -> dict[str, Any]:
    names = ("id", "name", "read_only", "timestamp", "expires_at", "last_used_at")
    kept = {name: getattr(token, name) for name in names}
    return kept | {"url": address("api.token", id=token.id)}
