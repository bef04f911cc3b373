"""Convert rows of the book's application to those of this site, for import_book.py."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from .. import markdown
from ..forms import USERNAME_PATTERN
from ..models import email_address, utcnow
from ..models.account import new_security_stamp

NO_EMAIL = "user-{}@import.invalid"  # no email can be sent there (RFC 2606)
HASH = re.compile(r"(?:pbkdf2:(\w+)(?::\d+)?|scrypt(?::\d+){3})\$[^$]+\$([0-9a-f]+)")
SCRYPT_LENGTH = 128  # hexadecimal digits

Row = dict[str, Any]


class Lost(Exception):
    """A row cannot be kept; the message says why."""


class Converter:
    """Converts the rows of the book, table by table.

    `role_ids` are the roles of this site by the ids of the book; `default_role_id` is for users
    without one. `changed` has sentences on columns that could not be kept.
    """

    def __init__(self, role_ids: Mapping[Any, int | None], default_role_id: int | None) -> None:
        self.role_ids = role_ids
        self.default_role_id = default_role_id
        self.changed: list[str] = []
        self.emails: set[str] = set()
        self.usernames: set[str] = set()
        self.user_ids: set[int] = set()
        self.post_ids: set[int] = set()

    def user(self, row: Row) -> Row:
        """Return the columns of a user."""
        user_id = row["id"]
        self.user_ids.add(user_id)
        email = self._email(row)
        return {
            "id": user_id,
            "email": email,
            "username": self._username(row),
            "avatar_hash": hashlib.sha256(email.encode()).hexdigest(),
            "security_stamp": new_security_stamp(),
            "password_hash": self._password_hash(row),
            "confirmed": bool(row.get("confirmed")),
            "role_id": self.role_ids.get(row.get("role_id"), self.default_role_id),
            "member_since": _time(row.get("member_since")),
            "last_seen": _time(row.get("last_seen")),
            "about_me": row.get("about_me"),
            **{name: (row.get(name) or "")[:64] or None for name in ("name", "location")},
        }

    def _email(self, row: Row) -> str:
        try:
            email = email_address.normalize(row["email"] or "")
        except email_address.InvalidEmailAddress:
            email, problem = None, "is not an email address"
        else:
            problem = "is also that of another user"
        if email is None or email in self.emails:
            new = NO_EMAIL.format(row["id"])
            self.changed.append(f"user {row['id']}: {row['email']!r} {problem}; now {new}")
            email = new
        self.emails.add(email)
        return email

    def _username(self, row: Row) -> str:
        name = old = row["username"] or ""
        if not USERNAME_PATTERN.fullmatch(name) or len(name) > 64:
            name = f"user_{row['id']}"
        elif name.lower() in self.usernames:
            name = f"{name[:40]}_{row['id']}"
        while name.lower() in self.usernames:
            name += "_"
        if name != old:
            self.changed.append(f"user {row['id']}: the username {row['username']!r}; now {name}")
        self.usernames.add(name.lower())
        return name

    def _password_hash(self, row: Row) -> str | None:
        password_hash = row.get("password_hash")
        if password_hash is None or is_password_hash(password_hash):
            return password_hash
        self.changed.append(f"user {row['id']}: the password, whose hash is of no known kind")
        return None

    def post(self, row: Row) -> Row:
        """Return the columns of a post."""
        new = self._text(row, markdown.render_post)
        self.post_ids.add(row["id"])
        return new

    def comment(self, row: Row) -> Row:
        """Return the columns of a comment."""
        if row["post_id"] not in self.post_ids:
            raise Lost(f"its post {row['post_id']} does not exist")
        return {
            **self._text(row, markdown.render_comment),
            "post_id": row["post_id"],
            "disabled": bool(row.get("disabled")),
        }

    def _text(self, row: Row, render: Callable[[str], str]) -> Row:
        body, author_id = row["body"] or "", row["author_id"]
        if author_id not in self.user_ids:
            raise Lost(f"its author {author_id} does not exist")
        if not body.strip():
            raise Lost("it has no text")
        try:
            body_html = render(body)
        except markdown.TooLong:
            raise Lost("it has too much formatting") from None
        columns = {"id": row["id"], "author_id": author_id, "timestamp": _time(row["timestamp"])}
        return {**columns, "body": body, "body_html": body_html}

    def follow(self, row: Row) -> Row:
        """Return the columns of a follow."""
        follower_id, followed_id = row["follower_id"], row["followed_id"]
        if not {follower_id, followed_id} <= self.user_ids:
            raise Lost(f"of {followed_id} by {follower_id}: one of them does not exist")
        key = {"follower_id": follower_id, "followed_id": followed_id}
        return {**key, "timestamp": _time(row["timestamp"])}


def is_password_hash(password_hash: str) -> bool:
    """Return True if a password can be checked against this hash."""
    match = HASH.fullmatch(password_hash)
    if match is None:
        return False
    digest, digits = match.groups()
    if digest is None:  # scrypt; the book's column is too short for it
        return len(digits) == SCRYPT_LENGTH
    return (
        digest in hashlib.algorithms_available
        and len(digits) == 2 * hashlib.new(digest).digest_size
    )


def _time(value: datetime | str | None) -> datetime:
    """Return a time with a time zone; the book stores UTC without one. Now, if there is none."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        time = None
    return utcnow() if time is None else time if time.tzinfo else time.replace(tzinfo=UTC)
