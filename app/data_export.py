"""A ZIP archive of what the site stores about a user, made while it is downloaded.

Rows are read in batches, each in a transaction of its own, so an export of any size takes little
memory, and a slow client holds neither a transaction nor a connection to the database.
See docs/decisions/data-export.md.

To export more, add a line to `_sections`. Name each column: other rows and columns may be private
to other users.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Flask, current_app

from . import uploads
from .extensions import db
from .models import (
    AccessToken,
    Authenticator,
    Comment,  # demo-only
    EmailChange,
    FormerUsername,
    HiddenUser,  # demo-only
    Identity,
    LoginSession,
    Notification,  # demo-only
    OutboxEmail,
    Passkey,
    Post,  # demo-only
    RecoveryCode,
    Report,
    Rows,
    SecurityEvent,
    Slice,
    User,
    utcnow,
)

BATCH = 200  # rows that are in memory; a post has at most 20,000 characters
CHUNK = 64 * 1024  # bytes that are sent at once, which the client must accept in 30 seconds
MAX_SECONDS = 10 * 60  # a download occupies a thread
MAX_RUNNING = 2  # downloads of each process, so that most threads stay free

DEVICE = ("browser", "system", "network")


class TooManyExports(Exception):
    """The user, or this process, has as many downloads as are allowed at the same time."""


class Section(NamedTuple):
    """A list of rows: the name of its file, a query with `timestamp` and `id`, what to export."""

    name: str
    rows: Rows
    convert: Callable[[Any], dict[str, Any]]
    is_text: bool = False  # also as Markdown; rows have a `body`


class DataExport:
    """The chunks of a ZIP archive. Call `close()` afterwards, also after errors."""

    # The times at which the running exports of this process are aborted, by the id of the user.
    _running: dict[int, float] = {}  # noqa: RUF012 - shared on purpose
    _lock = threading.Lock()

    def __init__(self, user: User, readme: str) -> None:
        """Prepare an export of `user`, with a file README.md that contains `readme`.

        Raise TooManyExports if the user has another one, or the process has MAX_RUNNING.
        """
        self.app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
        self.user_id, self.readme, self.avatar_key = user.id, readme, user.avatar_key
        self.account, self.sections = _account(user), _sections(user)
        self.deadline = time.monotonic() + MAX_SECONDS
        with self._lock:
            now = time.monotonic()
            for user_id in [key for key, end in self._running.items() if end < now]:
                del self._running[user_id]
            if user.id in self._running or len(self._running) >= MAX_RUNNING:
                raise TooManyExports
            self._running[user.id] = self.deadline

    def close(self) -> None:
        """Let the user start another export."""
        with self._lock:
            if self._running.get(self.user_id) == self.deadline:
                del self._running[self.user_id]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the archive in chunks; raise TimeoutError after MAX_SECONDS, which cuts it off.

        Call this without an application context: it uses a new one for each batch.
        """
        sink = _Sink()
        with ZipFile(sink, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # writes only
            for name, texts in self._files():
                info = ZipInfo(name, utcnow().timetuple()[:6])
                info.compress_type = ZIP_DEFLATED
                with archive.open(info, "w") as file:
                    for text in texts:
                        file.write(text if isinstance(text, bytes) else _to_bytes(text))
                        yield from sink.take(CHUNK)
                        if time.monotonic() > self.deadline:
                            raise TimeoutError("The download of an export took too long.")
        yield from sink.take(1)

    def _files(self) -> Iterator[tuple[str, Iterator[str] | Iterator[bytes]]]:
        yield "README.md", iter([self.readme])
        yield "account.json", iter([_to_json(self.account) + "\n"])
        if avatar := self._avatar():
            yield "avatar.webp", iter([avatar])
        for section in self.sections:
            yield f"{section.name}.json", self._json(section)
            if section.is_text:
                yield f"{section.name}.md", self._markdown(section)

    def _avatar(self) -> bytes | None:
        with self.app.app_context():
            if self.avatar_key is None or not uploads.is_enabled():
                return None
            try:
                return uploads.read(self.avatar_key)
            except uploads.StorageError:  # the rest of the archive can be read
                self.app.logger.exception("An upload cannot be read.")
                return None

    def _json(self, section: Section) -> Iterator[str]:
        separator = "["
        for batch in self._batches(section):
            rows = ",\n".join(_to_json(section.convert(row)) for row in batch)
            if rows:
                yield f"{separator}\n{rows}"
                separator = ","
        yield "\n]\n" if separator == "," else "[]\n"

    def _markdown(self, section: Section) -> Iterator[str]:
        yield f"# {section.name.capitalize()}\n"
        for batch in self._batches(section):
            yield "".join(
                f"\n## {row.timestamp:%Y-%m-%d %H:%M} UTC ({row.id})\n\n{row.body}\n"
                for row in batch
            )

    def _batches(self, section: Section) -> Iterator[Sequence[Any]]:
        """Yield the rows, newest first; no transaction is open when it yields."""
        before = None
        while True:
            with self.app.app_context():  # its end returns the connection
                rows = db.session.execute(Slice(None, before, BATCH).of(section.rows)).all()
            yield rows
            if len(rows) < BATCH:
                return
            before = rows[-1].timestamp, rows[-1].id


class _Sink:
    """A file that ZipFile writes to and cannot rewind."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Do nothing."""

    def take(self, minimum: int) -> Iterator[bytes]:
        """Yield chunks of what was written, if it is at least `minimum` bytes, and remove them."""
        while len(self._written) >= minimum:
            yield bytes(self._written[:CHUNK])
            del self._written[:CHUNK]


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_to_json = json.JSONEncoder(default=datetime.isoformat, ensure_ascii=False).encode


def _columns(*names: str) -> Callable[[Any], dict[str, Any]]:
    return lambda row: {name: getattr(row, name) for name in names}


def _sections(user: User) -> list[Section]:
    log, sessions, tokens = (
        SecurityEvent.own_rows(user),
        LoginSession.active_rows(user),
        AccessToken.active_rows(user),
    )
    use = ("timestamp", "last_used_at", "network")
    text = ("id", "timestamp", "edited_at", "body")  # demo-only
    return [
        # demo-only: begin
        Section("posts", Post.rows_of(user), _columns(*text), True),
        Section("comments", Comment.rows_of(user), _columns("post_id", "disabled", *text), True),
        Section("following", user.followed_rows(), _columns("username", "timestamp")),
        Section("followers", user.follower_rows(), _columns("username", "timestamp")),
        Section(
            "blocked_and_muted",
            HiddenUser.rows(user),
            _columns("username", "kind", "timestamp"),
        ),
        Section(
            "notifications",
            Notification.rows_of(user),
            _columns("timestamp", "kind", "username", "post_id", "comment_id"),
        ),
        # demo-only: end
        Section("sessions", sessions, _columns("browser", "system", *use)),
        Section("api_tokens", tokens, _columns("name", "read_only", "expires_at", *use)),
        Section("security_log", log, _event),
        Section(
            "reports",
            Report.rows_by(user),
            _columns("timestamp", "kind", "row_id", "reason", "text"),
        ),
        Section("emails", OutboxEmail.rows_to(user), _columns("timestamp", "subject", "sent_at")),
    ]


def _event(row: Any) -> dict[str, Any]:
    """Return an event; the device of another user who did it is private to that user."""
    is_own = row.actor_name is None
    names = ("timestamp", "name", "detail", *(DEVICE if is_own else ()))
    return {**_columns(*names)(row), "by_administrator": not is_own}


def _account(user: User) -> dict[str, Any]:
    """Return the rows of which a user has one or a few."""
    profile = ("username", "email", "name", "location", "about_me", "locale", "confirmed")
    times = ("member_since", "last_seen")
    authenticator = Authenticator.find(user)
    return {
        **_columns("id", *profile, *times)(user),
        **_columns("email_digest", "notifications_read_at")(user),  # demo-only
        "role": user.role and user.role.name,
        "two_factor_since": authenticator and authenticator.timestamp,
        "recovery_codes_left": RecoveryCode.count(user),
        "passkeys": _few(Passkey, user, "name", "timestamp", "last_used_at"),
        "linked_accounts": _few(Identity, user, "issuer", "email", "timestamp"),
        "former_usernames": _few(FormerUsername, user, "username", "expires_at"),
        "former_email_addresses": _few(EmailChange, user, "old_email", "expires_at"),
    }


def _few(table: Any, user: User, *names: str) -> list[dict[str, Any]]:
    rows = db.session.scalars(db.select(table).filter_by(user_id=user.id).order_by(table.id))
    return [_columns(*names)(row) for row in rows]
