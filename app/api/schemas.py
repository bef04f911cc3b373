"""The JSON bodies of requests (…In) and responses (…Out, …List)."""

from collections.abc import Callable  # demo-only
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,  # demo-only
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,  # demo-only
)

from ..avatars import avatar_url
from ..markdown import render_comment, render_post  # demo-only
from ..models import (
    Comment,  # demo-only
    Post,  # demo-only
    Report,
)
from ..models.report import Reason
from ..permissions import can_read_suspended  # demo-only
from .request_parsing import NO_NUL, NOT_BLANK, ONE_LINE, RequestBody
from .responses import ResponseBody, UrlParts


def url_of(endpoint: str) -> BeforeValidator:
    """Return a validator that replaces the id of a resource, if any, by its absolute URL."""

    def build(id: Any, info: ValidationInfo) -> str | None:
        if id is None:
            return None
        parts = UrlParts() if info.context is None else info.context
        return f"{id}".join(parts[endpoint])

    return BeforeValidator(build)


def absolute_avatar_url(key: str | None) -> str | None:
    """Return the absolute URL of an avatar, or None if there is none."""
    return avatar_url(key, _external=True)


def accept_integral_float(value: Any) -> Any:
    """Return 2.0 as 2: in JSON, both are integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# demo-only: begin
def renders_with(render: Callable[[str], str]) -> AfterValidator:
    """Return a validator that rejects text whose HTML would be too long."""

    def check(text: str) -> str:
        render(text)
        return text

    return AfterValidator(check)


# demo-only: end


Id = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1, le=3650), BeforeValidator(accept_integral_float)]
Markdown = Annotated[str, Field(pattern=NOT_BLANK, description="Markdown.")]  # demo-only
ShortText = Annotated[str, Field(max_length=64, pattern=NO_NUL)]
Url = Annotated[str, Field(description="Absolute URL.")]
ResourceUrl = Annotated[Url, Field(validation_alias="id")]  # with `url_of`


# demo-only: begin
class PostIn(RequestBody):
    """A post to create or update."""

    body: Annotated[Markdown, Field(max_length=Post.MAX_LENGTH), renders_with(render_post)]


class CommentIn(RequestBody):
    """A comment to create or update."""

    body: Annotated[Markdown, Field(max_length=Comment.MAX_LENGTH), renders_with(render_comment)]


# demo-only: end


class ProfileIn(RequestBody):
    """The profile fields to update. Omitted fields keep their value."""

    name: ShortText | None = None
    location: ShortText | None = None
    about_me: Annotated[str, Field(max_length=1000, pattern=NO_NUL)] | None = None


class ReportIn(RequestBody):
    """A report to the moderators."""

    reason: Reason
    text: str = Field("", max_length=Report.MAX_LENGTH, pattern=NO_NUL, description="Details.")


class TokenIn(RequestBody):
    """A token to create."""

    name: str = Field(max_length=64, pattern=ONE_LINE, description="Name of the token.")
    read_only: bool = Field(False, description="Read-only.")
    days: Days | None = Field(
        None,
        description="Days until the token expires. Defaults to the setting API_TOKEN_TTL_DAYS.",
    )
    code: str | None = Field(
        None, max_length=64, description="Code of the second factor, if the account has one."
    )


# demo-only: begin
class PostOut(ResponseBody):
    """A post."""

    COUNTERS: ClassVar = {"comment_count"}

    id: Id
    url: Annotated[ResourceUrl, url_of("api.post")]
    body: str = Field(description="Markdown.")
    body_html: str = Field(description="Body as sanitized HTML.")
    timestamp: datetime
    edited_at: datetime | None = Field(description="When the body was last changed, if ever.")
    author: str = Field(validation_alias="username", description="Username.")
    author_url: Annotated[ResourceUrl, url_of("api.user")] = Field(validation_alias="author_id")
    comments_url: Annotated[ResourceUrl, url_of("api.post_comments")]
    comment_count: int


class CommentOut(ResponseBody):
    """A comment. Only moderators can read the body of a disabled comment."""

    id: Id
    url: Annotated[ResourceUrl, url_of("api.comment")]
    body: str | None = Field(description="Markdown. Null if hidden from you.")
    body_html: str | None = Field(description="Body as sanitized HTML.")
    timestamp: datetime
    edited_at: datetime | None = Field(description="When the body was last changed, if ever.")
    disabled: bool = Field(description="Hidden by a moderator.")
    author: str = Field(validation_alias="username", description="Username.")
    author_url: Annotated[ResourceUrl, url_of("api.user")] = Field(validation_alias="author_id")
    post_url: Annotated[ResourceUrl, url_of("api.post")] = Field(validation_alias="post_id")

    @model_validator(mode="after")
    def hide_text(self) -> Self:
        """Remove the text of a disabled comment, except for moderators."""
        if self.disabled and not can_read_suspended():
            self.body = self.body_html = None
        return self


# demo-only: end


class UserOut(ResponseBody):
    """A user."""

    ETAG_IGNORED: ClassVar = {"last_seen"}
    COUNTERS: ClassVar = {"post_count", "follower_count", "following_count"}  # demo-only

    id: Id
    url: Annotated[ResourceUrl, url_of("api.user")]
    username: str
    name: str | None
    location: str | None
    about_me: str | None
    avatar_url: Annotated[Url | None, BeforeValidator(absolute_avatar_url)] = Field(
        validation_alias="avatar_key", description="Picture that the user has uploaded, as WebP."
    )
    member_since: datetime
    last_seen: datetime
    # demo-only: begin
    posts_url: Annotated[ResourceUrl, url_of("api.user_posts")]
    followed_posts_url: Annotated[ResourceUrl, url_of("api.timeline")] = Field(
        description="Timeline of the user. Only the user can read it."
    )
    followers_url: Annotated[ResourceUrl, url_of("api.followers")]
    following_url: Annotated[ResourceUrl, url_of("api.following")]
    post_count: int
    follower_count: int
    following_count: int
    # demo-only: end


class MeOut(UserOut):
    """The authenticated user."""

    email: str
    role: Annotated[str | None, BeforeValidator(lambda role: role and role.name)]


# demo-only: begin
class UserSummaryOut(ResponseBody):
    """A user in a list of followers, or of followed, blocked or muted users."""

    id: Id
    url: Annotated[ResourceUrl, url_of("api.user")]
    username: str
    name: str | None
    timestamp: datetime = Field(description="Time of the follow, block or mute.")


# demo-only: end


class TokenOut(ResponseBody):
    """A token without its secret."""

    ETAG_IGNORED: ClassVar = {"last_used_at"}

    id: Id
    url: Annotated[ResourceUrl, url_of("api.token")]
    name: str
    read_only: bool
    timestamp: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="Accurate to the minute.")


class NewTokenOut(TokenOut):
    """A new token with its secret, which is returned only once."""

    token: str = Field(description="Secret. Send it as “Authorization: Bearer …”.")


class PageOut(ResponseBody):
    """A page of a list, newest first."""

    prev_url: Url | None = Field(
        validation_alias="newer_url", description="Page with newer results."
    )
    next_url: Url | None = Field(
        validation_alias="older_url", description="Page with older results."
    )


# demo-only: begin
class PostList(PageOut):
    """A page of posts."""

    posts: list[PostOut] = Field(validation_alias="items")


class CountedPostList(PostList):
    """A page of posts with the total number of posts."""

    count: int


class CommentList(PageOut):
    """A page of comments."""

    comments: list[CommentOut] = Field(validation_alias="items")


class CountedCommentList(CommentList):
    """A page of comments with the total number of comments."""

    count: int


class UserList(PageOut):
    """A page of users with the total number of users."""

    users: list[UserSummaryOut] = Field(validation_alias="items")
    count: int


class HiddenUserList(PageOut):
    """A page of blocked or muted users."""

    users: list[UserSummaryOut] = Field(validation_alias="items")


# demo-only: end


class TokenList(PageOut):
    """A page of valid tokens."""

    tokens: list[TokenOut] = Field(validation_alias="items")
