"""The dashboard: how many users there are, what waits or has failed, checks and versions."""

import platform
from importlib.metadata import version
from typing import Any, NamedTuple

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import select

from ..extensions import db
from ..health.views import degraded
from ..metrics.collector import count_emails, count_jobs
from ..models import (
    Post,  # demo-only
    ReportedItem,
    User,
    count_up_to,
)
from ..permissions import admin_required
from . import admin

MAX_COUNT = 10_000  # rows; a larger number is shown as “10,000+”


class Number(NamedTuple):
    """A number on the dashboard. `url` leads to the rows, the command `hint` lists them."""

    label: str
    value: int
    url: str | None = None
    hint: str | None = None
    is_problem: bool = False


@admin.get("/")
@admin_required
def dashboard() -> ResponseReturnValue:
    """Show numbers, the checks of /readyz, and versions."""
    return render_template(
        "admin/dashboard.html",
        groups={gettext("Content"): content(), gettext("Background"): background()},
        checks=current_app.extensions["readiness"].results(),
        degraded=degraded(),
        versions=versions(),
        max_count=MAX_COUNT,
    )


def content() -> list[Number]:
    """Return the numbers of users and of what they wrote, with one query."""
    users = select(User.id).where(User.deleted_at.is_(None))
    counts: dict[str, Any] = {
        "users": users,
        "unconfirmed": users.where(~User.confirmed),
        "suspended": users.where(User.suspended_at.is_not(None)),
        "posts": select(Post.id).where(Post.deleted_at.is_(None)),  # demo-only
    }
    counts["reports"] = ReportedItem.open_rows(current_user)
    columns = [count_up_to(rows, MAX_COUNT).label(name) for name, rows in counts.items()]
    row = db.session.execute(select(*columns)).one()
    by_status = {name: url_for(".users", status=name) for name in ("unconfirmed", "suspended")}
    return [
        Number(gettext("Open reports"), row.reports, url_for(".reports")),
        Number(gettext("Users"), row.users, url_for(".users")),
        Number(gettext("Unconfirmed users"), row.unconfirmed, by_status["unconfirmed"]),
        Number(gettext("Suspended users"), row.suspended, by_status["suspended"]),
        Number(gettext("Posts"), row.posts, url_for("main.index")),  # demo-only
    ]


def background() -> list[Number]:
    """Return the numbers of unsent emails and of jobs, as the metrics have them."""
    emails = {row[0]: row[1] for row in db.session.execute(count_emails())}
    jobs: dict[str, int] = dict(db.session.execute(count_jobs()).all())
    waiting = ("pending", "retrying")
    hint, discarded = "flask outbox list", emails.get("discarded", 0)
    failed = jobs.get("discarded", 0)
    return [
        Number(gettext("Emails to send"), sum(emails.get(state, 0) for state in waiting)),
        Number(gettext("Undeliverable emails"), discarded, None, hint, discarded > 0),
        Number(gettext("Waiting jobs"), sum(jobs.get(state, 0) for state in waiting)),
        Number(gettext("Failed jobs"), failed, None, "flask jobs list", failed > 0),
    ]


def versions() -> dict[str, str]:
    """Return the versions of the application and of what it runs on."""
    dialect = db.session.connection().dialect
    numbers = getattr(dialect, "server_version_info", None) or ()
    config = current_app.config
    return {
        gettext("Release"): config["RELEASE"] or gettext("unknown"),
        gettext("Commit"): config["COMMIT"] or gettext("unknown"),
        gettext("Runtime"): f"Python {platform.python_version()}, Flask {version('flask')}",
        gettext("Database server"): f"{dialect.name} {'.'.join(map(str, numbers))}",
    }
