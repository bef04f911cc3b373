"""The page of login sessions: listing them and logging out devices."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from app.auth import sessions
from app.extensions import db
from app.models import LoginSession, User, utcnow
from tests.auth.actions import is_logged_in
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.rows import count_rows

PAGE = "/auth/sessions"
OTHERS = "/auth/sessions/revocation"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def device(app: Flask, user: UserData, agent: str, address: str, **fields: str) -> SiteClient:
    """Return a client of this device, with a login of its own."""
    client = SiteClient(app, **{"User-Agent": agent})
    client.client.environ_base["REMOTE_ADDR"] = address
    return client.log_in(user, **fields)


def revocations(page: Page) -> list[str]:
    """Return the actions of the buttons that log out one device."""
    return [form.action for form in page.forms if re.search(r"\d/revocation", form.action)]


def copy_cookies(client: SiteClient) -> SiteClient:
    """Return a client with copies of the cookies that log in, as a thief has them."""
    copy = SiteClient(client.app)
    for name in ("session", "remember_token"):
        cookie = client.client.get_cookie(name)
        assert cookie is not None
        copy.client.set_cookie(name, cookie.value)
    return copy


def test_page_lists_devices_in_words(app: Flask, make: Factory) -> None:
    ann = make.user()
    device(app, ann, PHONE, "2001:db8:1:2::3")
    desktop = device(app, ann, FIREFOX, "203.0.113.77")

    page = desktop.open(PAGE)

    assert "Firefox on Linux This device" in page.text
    assert "Safari on iPhone Last used" in page.text
    assert page.text.count("This device") == 1
    assert "203.0.113.0/24" in page.text
    assert "2001:db8:1::/48" in page.text
    assert "203.0.113.77" not in page.html
    assert "::3" not in page.html
    assert len(revocations(page)) == 1


def test_unknown_device_is_listed(app: Flask, make: Factory) -> None:
    client = device(app, make.user(), "<script>alert(1)</script>", "unix:")

    page = client.open(PAGE)

    assert "Unknown device" in page.text
    assert "alert(1)" not in page.html


def test_expired_sessions_and_those_of_others_are_not_listed(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    device(app, bob, FIREFOX, "203.0.113.1")
    device(app, ann, FIREFOX, "203.0.113.1")
    with app.app_context():
        db.session.execute(db.update(LoginSession).values(expires_at=utcnow()))
        db.session.commit()
    client = device(app, ann, PHONE, "203.0.113.1")

    page = client.open(PAGE)

    assert "Firefox" not in page.text
    assert revocations(page) == []
    assert OTHERS not in [form.action for form in page.forms]


def test_logging_out_a_device_ends_copies_of_its_cookies(app: Flask, make: Factory) -> None:
    ann = make.user()
    stolen = device(app, ann, PHONE, "198.51.100.1", remember_me="y")
    copy = copy_cookies(stolen)
    own, third = (device(app, ann, FIREFOX, "203.0.113.1") for _ in range(2))
    assert is_logged_in(copy)
    page = own.open(PAGE)

    page = own.send(page, {}, revocations(page)[-1])  # of the first login

    assert "The device has been logged out." in page.text
    assert not is_logged_in(stolen)
    assert not is_logged_in(copy)
    assert is_logged_in(own)
    assert is_logged_in(third)


def test_logging_out_all_other_devices(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    others = [device(app, ann, PHONE, "198.51.100.1", remember_me="y") for _ in range(2)]
    copies = [copy_cookies(other) for other in others]
    bobs = device(app, bob, PHONE, "198.51.100.1")
    own = device(app, ann, FIREFOX, "203.0.113.1", remember_me="y")

    page = own.submit(PAGE, {}, OTHERS)

    assert "2 other devices have been logged out." in page.text
    assert not any(is_logged_in(client) for client in (*others, *copies))
    assert is_logged_in(own)
    assert is_logged_in(bobs)


def test_session_of_another_user_cannot_be_ended(app: Flask, make: Factory) -> None:
    anns = device(app, make.user("ann"), FIREFOX, "203.0.113.1")
    with app.app_context():
        session_id = db.session.scalars(db.select(LoginSession.id)).one()
    bob = device(app, make.user("bob"), FIREFOX, "203.0.113.1")

    own = bob.post(f"/auth/sessions/{session_id}/revocation")
    missing = bob.post(f"/auth/sessions/{session_id + 1000}/revocation")

    assert is_logged_in(anns)
    assert own.text == missing.text  # does not reveal which ids exist


def test_own_session_can_be_ended(app: Flask, make: Factory) -> None:
    client = device(app, make.user(), FIREFOX, "203.0.113.1")
    with app.app_context():
        session_id = db.session.scalars(db.select(LoginSession.id)).one()

    page = client.post(f"/auth/sessions/{session_id}/revocation")

    assert page.path.startswith("/auth/login")
    assert count_rows(app, LoginSession) == 0


def test_list_has_pages(app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "PER_PAGE", 2)
    ann = make.user()
    with app.app_context():
        for _ in range(3):
            LoginSession.issue(db.session.get_one(User, ann.id), remember=True)
        db.session.commit()

    page = device(app, ann, FIREFOX, "203.0.113.1").open(PAGE)

    assert len(revocations(page)) == 1
    [older] = [link for link in page.links if "before=" in link]
    assert older.startswith(PAGE)


def test_page_takes_two_statements_and_writes_nothing(app: Flask, make: Factory) -> None:
    client = device(app, make.user(), FIREFOX, "203.0.113.1")
    client.open(PAGE)

    with record_statements(app) as statements:
        client.open(PAGE)

    assert len(statements) == 2
    assert all(line.lstrip().startswith("SELECT") for line in statements)


def test_use_elsewhere_is_shown_once_a_minute(app: Flask, make: Factory) -> None:
    ann = make.user()
    thief = device(app, ann, FIREFOX, "203.0.113.1")
    own = device(app, ann, PHONE, "203.0.113.1")
    thief.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"

    thief.open("/")
    assert "192.0.2.0/24" not in own.open(PAGE).text

    with app.app_context():
        stale = utcnow() - timedelta(seconds=61)
        db.session.execute(db.update(LoginSession).values(last_used_at=stale))
        db.session.commit()
    thief.open("/")
    assert "192.0.2.0/24" in own.open(PAGE).text
