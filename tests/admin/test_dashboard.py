"""The dashboard: bounded numbers, checks and versions."""

import platform
import re

import pytest
from flask import Flask
from sqlalchemy import null

from app.admin import dashboard
from app.extensions import db
from app.models import Job, OutboxEmail, utcnow
from tests.support.databases import record_statements
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient

NUMBER = re.compile(
    r'<dt>([^<]*)</dt>\s*<dd>\s*<(?:a|span) class="admin-number"[^>]*>\s*([\d,+]+)', re.MULTILINE
)


def numbers(page: Page) -> dict[str, str]:
    """Return the numbers by their labels."""
    return dict(NUMBER.findall(page.html))


@pytest.mark.both_databases
def test_users_are_counted_by_status(app: Flask, make: Factory, boss: SiteClient) -> None:
    make.user("ann")
    make.user("new", confirmed=False)
    make.user("bad", suspended_at=utcnow(), suspension_reason="Spam")
    make.user("gone", deleted_at=utcnow())

    shown = numbers(boss.open("/admin/"))

    assert shown["Users"] == "4"
    assert shown["Unconfirmed users"] == shown["Suspended users"] == "1"


@pytest.mark.both_databases
def test_posts_are_counted(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann = make.user("ann")
    for _ in range(3):
        make.post(ann)

    assert numbers(boss.open("/admin/"))["Posts"] == "3"


@pytest.mark.both_databases
def test_email_and_jobs_are_counted_by_state(app: Flask, boss: SiteClient) -> None:
    with app.app_context():
        for columns in ({}, {"last_error": "x"}, {"last_error": "x", "discarded_at": utcnow()}):
            email = {"recipient": "a@b.c", "subject": "x", "body_text": "", "body_html": ""}
            db.session.add(OutboxEmail(**email, **columns))
        later = {"name": "x", "arguments": [], "run_at": utcnow().replace(year=2100)}
        db.session.add_all([Job(**later), Job(**later | {"run_at": null(), "last_error": "x"})])
        db.session.commit()

    page = boss.open("/admin/")

    shown = numbers(page)
    assert (shown["Emails to send"], shown["Undeliverable emails"]) == ("2", "1")
    assert (shown["Waiting jobs"], shown["Failed jobs"]) == ("1", "1")
    assert "flask outbox list" in page.text
    assert "flask jobs list" in page.text


@pytest.mark.both_databases
def test_large_number_is_not_counted_to_its_end(
    app: Flask, make: Factory, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "MAX_COUNT", 3)
    make.user("ann")
    make.user("bob")
    assert numbers(boss.open("/admin/"))["Users"] == "3"

    make.user("carl")
    make.user("dora")

    page = boss.open("/admin/")
    assert numbers(page)["Users"] == "3+"
    assert "At most 3 rows of each kind are counted." in page.text


@pytest.mark.both_databases
def test_numbers_take_three_statements_and_one_loads_the_user(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    for more in (0, 30):
        for number in range(more):
            make.user(f"user{number}")
        with record_statements(app) as executed:
            assert boss.client.get("/admin/").status_code == 200
        assert len(executed) == 4
        numbers = [
            one for one in executed if "LIMIT" in one and "login_sessions.digest" not in one
        ]
        assert len(numbers) == 3


def test_checks_and_versions_are_shown(
    app: Flask, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RELEASE", "1.2.3")

    page = boss.open("/admin/")

    with app.app_context():
        revision = db.session.scalar(db.text("SELECT version_num FROM alembic_version"))
    for text in ("1.2.3", platform.python_version(), f"Database revision {revision} OK"):
        assert text in page.text


def test_numbers_lead_to_the_users(app: Flask, make: Factory, boss: SiteClient) -> None:
    make.user("bad", suspended_at=utcnow(), suspension_reason="Spam")

    assert "/admin/users?status=suspended" in boss.open("/admin/").links
    text = boss.open("/admin/users?status=suspended").text
    assert "bad@example.com" in text
    assert "boss@example.com" not in text
