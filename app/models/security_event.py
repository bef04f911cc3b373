"""What happened to accounts: the security log of each user, and the audit log of the site."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, delete, exists, or_, select, text, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from ..extensions import Model, db
from .statements import delete_batch, rows_changed, run_once
from .types import Rows, UTCDateTime, utcnow
from .user import User

AUDIT_ONLY: Any = text("actor_name IS NOT NULL")


class SecurityEvent(Model):
    """Something that the owner of an account did, or that another user did to it.

    `name` is a verb such as "password_changed"; see auth/security_log.py for their texts. Rows
    with an `actor_name` are actions of administrators, moderators and commands: the audit log.
    These are kept when the user or the actor is deleted, with their usernames at the time.
    """

    __tablename__ = "security_events"

    TTL: ClassVar = timedelta(days=180)
    AUDIT_TTL: ClassVar = timedelta(days=730)
    MAX_PER_NAME: ClassVar = 50  # of each user, without actions of others
    LOGINS: ClassVar = ("login", "login_new_device")
    # Actions on content and reports. They are no concern of the author's security log.
    MODERATION: ClassVar = (
        *("report_acted_upon", "report_dismissed"),
        # demo-only: begin
        *("post_edited", "post_deleted", "comment_edited", "comment_deleted"),
        *("comment_disabled", "comment_enabled"),
        # demo-only: end
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    name: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(String(255), default="", server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    username: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    actor_name: Mapped[str | None] = mapped_column(String(64))  # "": a command
    # The device that did it: see devices.py.
    browser: Mapped[str | None] = mapped_column(String(32))
    system: Mapped[str | None] = mapped_column(String(32))
    network: Mapped[str | None] = mapped_column(String(43))

    __table_args__ = (
        Index("ix_security_events_user_newest", "user_id", "timestamp", "id"),
        Index(
            "ix_security_events_audit_newest",
            *("timestamp", "id"),
            postgresql_where=AUDIT_ONLY,
            sqlite_where=AUDIT_ONLY,
        ),
    )

    @classmethod
    def record(cls, user: User, name: str, detail: str = "") -> None:
        """Record what `user` did with their own account. The caller commits.

        `name` has at most 64 characters, `detail` is cut off at 255. Only the latest MAX_PER_NAME
        events of each name are kept, so that no flood of events removes those of other names.
        """
        cls._add(user, name, detail, cls.TTL)
        same = (cls.user_id == user.id) & (cls.name == name) & cls.actor_name.is_(None)
        newest_first = select(cls.id).where(same).order_by(cls.timestamp.desc(), cls.id.desc())
        surplus = newest_first.offset(cls.MAX_PER_NAME).limit(100)
        surplus = run_once(surplus.with_for_update(skip_locked=True))
        cls._execute(delete(cls).where(cls.id.in_(surplus)))

    @classmethod
    def record_action(cls, actor: User | None, name: str, user: User, detail: str = "") -> None:
        """Record what `actor` did to the account or the content of `user`. The caller commits.

        Without an actor it was a command. `name` and `detail` are as for `record()`.
        """
        actor_name = actor.username if actor else ""
        actor_id = actor.id if actor else None
        cls._add(user, name, detail, cls.AUDIT_TTL, actor_id=actor_id, actor_name=actor_name)

    @classmethod
    def _add(
        cls, user: User, name: str, detail: str, lifetime: timedelta, **columns: int | str | None
    ) -> None:
        db.session.flush()  # a new user needs an id
        now, detail = utcnow(), detail[: cls.detail.type.length]
        columns |= {"user_id": user.id, "username": user.username, "name": name, "detail": detail}
        db.session.add(cls(timestamp=now, expires_at=now + lifetime, **columns))
        db.session.flush()

    @classmethod
    def is_new_device(
        cls, user: User, browser: str | None, system: str | None, network: str | None
    ) -> bool:
        """Return True if no login of `user` came from this browser, system and network.

        The very first login does not count as one from a new device, but the first one after
        those before have been deleted from the log.
        """
        is_login = (cls.user_id == user.id) & cls.name.in_(cls.LOGINS)
        is_same = exists().where(
            is_login,
            cls.browser.is_not_distinct_from(browser),
            cls.system.is_not_distinct_from(system),
            cls.network.is_not_distinct_from(network),
        )
        # By name: access_token.py imports this module. Tokens set `last_seen`, too.
        tokens = db.metadata.tables["access_tokens"]
        has_tokens = exists().where(tokens.c.user_id == user.id)
        flags = select(is_same, exists().where(is_login), has_tokens)
        was_here, has_logins, uses_tokens = db.session.execute(flags).one()
        # Sessions end long before the log forgets their login: someone who was here lately, but is
        # not in it, has never logged in. A new account was here when it was created.
        was_here_lately = utcnow() - user.last_seen < cls.TTL / 2 and not uses_tokens
        return not was_here and (has_logins or not was_here_lately)

    @classmethod
    def own_rows(cls, user: User) -> Rows:
        """Return the columns of the security log of `user`."""
        device = cls.browser, cls.system, cls.network
        columns = cls.id, cls.timestamp, cls.name, cls.detail, cls.actor_name, *device
        return select(*columns).where(
            cls.user_id == user.id,
            or_(cls.actor_name.is_(None), cls.name.not_in(cls.MODERATION)),
        )

    @classmethod
    def audit_rows(cls) -> Rows:
        """Return the columns of the audit log, and the present usernames if there are any."""
        user, actor = aliased(User), aliased(User)
        columns = cls.id, cls.timestamp, cls.name, cls.detail, cls.username, cls.actor_name
        names = user.username.label("current_username"), actor.username.label("current_actor")
        return (
            select(*columns, *names)
            .outerjoin(user, (user.id == cls.user_id) & user.deleted_at.is_(None))
            .outerjoin(actor, (actor.id == cls.actor_id) & actor.deleted_at.is_(None))
            .where(cls.actor_name.is_not(None))
        )

    @classmethod
    def forget_user(cls, user_id: int, limit: int) -> int:
        """Delete up to `limit` rows of a deleted user, or remove the ids from those that are kept.

        Return how many rows were changed.
        """
        is_own = (cls.user_id == user_id) & cls.actor_name.is_(None)
        if deleted := delete_batch(cls, is_own, limit):
            return deleted
        changed = 0
        for column in (cls.user_id, cls.actor_id):
            rows = select(cls.id).where(column == user_id).limit(limit)
            changed += cls._execute(update(cls).where(cls.id.in_(rows)).values({column: None}))
        return changed

    @staticmethod
    def _execute(statement: Any) -> int:
        options = {"synchronize_session": False}
        return rows_changed(db.session.execute(statement, execution_options=options))
