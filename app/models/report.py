"""Reports by users, of accounts or content that break the rules, and what moderators decided."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal, NamedTuple, Self

from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .statements import count_up_to, delete_batch, insert_or_ignore, lock_row, rows_changed
from .types import Rows, UTCDateTime, utcnow
from .user import User

Reason = Literal["spam", "harassment", "illegal", "impersonation", "other"]
IS_OPEN = text("resolved_at IS NULL")


class AlreadyReviewed(Exception):
    """Moderators have reviewed the user's report of this item."""


class TooManyReports(Exception):
    """The user has as many open reports as one user may have."""


class Target(NamedTuple):
    """What a user reports: the kind and the id of a row, and the id of the user it belongs to.

    `kind` is "user", or the name of a model in lower case.
    """

    kind: str
    row_id: int
    user_id: int


class ReportedItem(Model):
    """A reported account, or content of a user. It is open until a moderator resolves it.

    A report by another user opens it again. Ids are not reused, so `row_id` can be that of a row
    that was deleted: its author cannot avoid a decision.
    """

    __tablename__ = "reported_items"

    TTL: ClassVar = timedelta(days=180)  # after it was resolved
    OUTCOMES: ClassVar = ("acted", "dismissed")

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    row_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)  # when it was opened
    report_count: Mapped[int] = mapped_column(default=0, server_default="0")
    reason: Mapped[str] = mapped_column(String(16))  # of the latest report
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    resolved_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    outcome: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (
        Index("uq_reported_items_row", "kind", "row_id", unique=True),
        Index(
            "ix_reported_items_open",
            *("timestamp", "id"),
            postgresql_where=IS_OPEN,
            sqlite_where=IS_OPEN,
        ),
    )

    @classmethod
    def lock(cls, target: Target, reason: str) -> Self:
        """Return the item of `target`, locked; create it if there is none."""
        columns = {**target._asdict(), "timestamp": utcnow(), "reason": reason}
        db.session.execute(insert_or_ignore(cls).values(columns))
        is_same = (cls.kind == target.kind) & (cls.row_id == target.row_id)
        return db.session.scalars(select(cls).where(is_same).with_for_update()).one()

    @classmethod
    def open_rows(cls, moderator: User) -> Rows:
        """Return the columns of the open items, except those of the moderator."""
        columns = cls.id, cls.timestamp, cls.kind, cls.row_id, cls.report_count, cls.reason
        author = User.byline()
        items = select(*columns, *author).join(User, User.id == cls.user_id)
        is_others = cls.user_id != moderator.id
        return items.where(cls.resolved_at.is_(None), is_others, User.deleted_at.is_(None))

    @classmethod
    def find(cls, item_id: int, moderator: User) -> tuple[Self, User] | None:
        """Return the item and the user whom it concerns, or None.

        None also if it concerns the moderator, who must not learn who reported them.
        """
        item = select(cls, User).join(User, User.id == cls.user_id)
        item = item.where(cls.id == item_id, cls.user_id != moderator.id)
        row = db.session.execute(item.where(User.deleted_at.is_(None))).first()
        return None if row is None else (row[0], row[1])

    def resolve(self, by: User, outcome: str, note: str) -> datetime | None:
        """Close the item; return the time, or None if another moderator was faster."""
        # The time is read after the lock: no report that was written before it is left open.
        if not lock_row(self) or self.resolved_at is not None:
            return None
        self.resolved_at, self.resolved_by_id = utcnow(), by.id
        self.outcome, self.note = outcome, note
        return self.resolved_at


class Report(Model):
    """A report of an item by a user; at most one for each."""

    __tablename__ = "reports"

    MAX_LENGTH: ClassVar = 1_000  # characters of `text`
    MAX_OPEN: ClassVar = 50  # open reports of a user

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("reported_items.id", ondelete="CASCADE"))
    reporter_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    reason: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(MAX_LENGTH), default="", server_default="")
    is_open: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        Index("uq_reports_item_reporter", "item_id", "reporter_id", unique=True),
        Index("ix_reports_item_newest", "item_id", "timestamp", "id"),
    )

    @classmethod
    def file(cls, reporter: User, target: Target, reason: str, text: str) -> bool:
        """Report `target`; return False if this changed an earlier report of the user.

        Raise AlreadyReviewed or TooManyReports. The caller commits.
        """
        item = ReportedItem.lock(target, reason)
        report = cls.find(reporter, target)
        if report is not None:
            if not report.is_open or item.resolved_at is not None:
                raise AlreadyReviewed
            report.reason, report.text, item.reason = reason, text, reason
            return False
        own = select(cls.id).where(cls.reporter_id == reporter.id, cls.is_open)
        if (db.session.scalar(select(count_up_to(own, cls.MAX_OPEN))) or 0) >= cls.MAX_OPEN:
            raise TooManyReports
        now = utcnow()
        if item.resolved_at is not None:
            item.timestamp, item.resolved_at, item.outcome = now, None, None
            item.resolved_by_id = item.note = None
        item.reason, item.report_count = reason, item.report_count + 1
        columns = {"reason": reason, "text": text, "timestamp": now}
        db.session.add(cls(item_id=item.id, reporter_id=reporter.id, **columns))
        db.session.flush()
        return True

    @classmethod
    def find(cls, reporter: User, target: Target) -> Self | None:
        """Return the report of `target` by this user, or None."""
        report = select(cls).join(ReportedItem, ReportedItem.id == cls.item_id)
        is_same = ReportedItem.kind == target.kind, ReportedItem.row_id == target.row_id
        return db.session.scalar(report.where(*is_same, cls.reporter_id == reporter.id))

    @classmethod
    def rows(cls, item: ReportedItem) -> Rows:
        """Return the columns of the reports of an item, and who wrote them."""
        author = User.byline()
        reports = select(cls.id, cls.timestamp, cls.reason, cls.text, *author)
        is_reporter = (User.id == cls.reporter_id) & User.deleted_at.is_(None)
        return reports.outerjoin(User, is_reporter).where(cls.item_id == item.id)

    @classmethod
    def rows_by(cls, reporter: User) -> Rows:
        """Return the columns of the reports by a user, and of what these are about."""
        columns = cls.id, cls.timestamp, cls.reason, cls.text
        reports = select(*columns, ReportedItem.kind, ReportedItem.row_id)
        reports = reports.join(ReportedItem, ReportedItem.id == cls.item_id)
        return reports.where(cls.reporter_id == reporter.id)

    @classmethod
    def close(cls, item_id: int, until: datetime, limit: int) -> tuple[int, list[User]]:
        """Close open reports of an item that were written until a time, at most `limit`.

        Return how many, and their authors without those who are deleted, suspended or unconfirmed.
        """
        is_open = (cls.item_id == item_id) & cls.is_open & (cls.timestamp <= until)
        rows = db.session.scalars(
            select(cls).where(is_open).order_by(cls.timestamp, cls.id).limit(limit)
        ).all()
        for row in rows:
            row.is_open = False
        reporters = [row.reporter_id for row in rows]
        users = select(User).where(User.id.in_(reporters), User.is_shown(), User.confirmed)
        return len(rows), list(db.session.scalars(users))

    @classmethod
    def forget_user(cls, user_id: int, limit: int) -> int:
        """Delete what concerns a deleted user, and their name and words in other reports.

        Change up to `limit` rows of each kind, and return how many.
        """
        items = select(ReportedItem.id).where(ReportedItem.user_id == user_id).limit(limit)
        if deleted := delete_batch(cls, cls.item_id.in_(items), limit):
            return deleted
        changed = delete_batch(ReportedItem, ReportedItem.user_id == user_id, limit)
        own = select(cls.id).where(cls.reporter_id == user_id).limit(limit)
        forgotten = update(cls).where(cls.id.in_(own)).values(reporter_id=None, text="")
        decided = select(ReportedItem.id).where(ReportedItem.resolved_by_id == user_id)
        decisions = update(ReportedItem).where(ReportedItem.id.in_(decided.limit(limit)))
        for statement in (forgotten, decisions.values(resolved_by_id=None)):
            options = {"synchronize_session": False}
            changed += rows_changed(db.session.execute(statement, execution_options=options))
        return changed
