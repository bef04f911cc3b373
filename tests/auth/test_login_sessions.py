"""Login sessions end on the server: copies of their cookies are worthless afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import LoginSession, utcnow
from tests.auth.actions import (
    change_password,
    follow_email,
    is_logged_in,
    register,
    set_password,
)
from tests.support.databases import record_statements
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows, token_for

COOKIES = ("session", "remember_token")
each_cookie = pytest.mark.parametrize("name", COOKIES)


def copy_of(client: SiteClient, name: str) -> SiteClient:
    """Return a client with a copy of one cookie."""
    cookie = client.client.get_cookie(name)
    assert cookie is not None
    copy = SiteClient(client.app)
    copy.client.set_cookie(name, cookie.value)
    return copy


def update_sessions(app: Flask, **columns: object) -> None:
    with app.app_context():
        db.session.execute(db.update(LoginSession).values(columns))
        db.session.commit()


@each_cookie
def test_copied_cookie_is_valid_until_its_owner_logs_out(
    make: Factory, client: SiteClient, name: str
) -> None:
    ann = make.user()
    copy = copy_of(client.log_in(ann, remember_me="y"), name)
    other = SiteClient(client.app).log_in(ann)
    assert is_logged_in(copy)

    client.submit("/", action="/auth/logout")

    assert not is_logged_in(copy)
    assert is_logged_in(other)
    assert count_rows(client.app, LoginSession) == 1


@pytest.mark.parametrize(
    ("name", "remember"), [("session", "y"), ("session", None), ("remember_token", "y")]
)
def test_expired_session_is_invalid(
    app: Flask, make: Factory, client: SiteClient, name: str, remember: str | None
) -> None:
    copy = copy_of(client.log_in(make.user(), remember_me=remember), name)
    update_sessions(app, expires_at=utcnow() + timedelta(minutes=1))
    assert is_logged_in(copy)

    update_sessions(app, expires_at=utcnow())

    assert not is_logged_in(copy)
    assert not is_logged_in(client)


@each_cookie
def test_logging_in_again_ends_the_earlier_session(
    make: Factory, client: SiteClient, name: str
) -> None:
    copy = copy_of(client.log_in(make.user("ann"), remember_me="y"), name)

    client.log_in(make.user("bob"))

    assert not is_logged_in(copy)
    assert is_logged_in(client)
    assert client.client.get_cookie("remember_token") is None


def test_confirming_a_registration_ends_the_earlier_session(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    copy = copy_of(client.log_in(make.user("ann")), "session")
    register(client)

    follow_email(client, mailbox, "new@example.com")

    assert not is_logged_in(copy)
    assert is_logged_in(client)


def reset(client: SiteClient, ann: UserData) -> None:
    set_password(client, f"/auth/reset/{token_for(client.app, ann, 'reset')}")


def change_email(client: SiteClient, ann: UserData) -> None:
    link = f"/auth/change-email/{token_for(client.app, ann, 'change_email')}"
    client.submit(link, action=link)


def delete_account(client: SiteClient, ann: UserData) -> None:
    client.submit("/auth/delete-account", {"password": PASSWORD})


ENDINGS: dict[str, Callable[[SiteClient, UserData], object]] = {
    "change password": change_password,
    "reset password": reset,
    "change email": change_email,
    "delete account": delete_account,
}


@pytest.mark.both_databases
@each_cookie
@pytest.mark.parametrize("ending", ENDINGS)
def test_change_of_credentials_ends_all_other_sessions(
    make: Factory, client: SiteClient, name: str, ending: str
) -> None:
    ann = make.user()
    copy = copy_of(client.log_in(ann, remember_me="y"), name)
    other = copy_of(SiteClient(client.app).log_in(ann, remember_me="y"), name)

    ENDINGS[ending](client, ann)

    assert not is_logged_in(copy)
    assert not is_logged_in(other)
    assert is_logged_in(client) == ending.startswith("change")
    assert count_rows(client.app, LoginSession) <= 1 or ending == "reset password"


def test_database_does_not_contain_the_secret_of_a_cookie(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user(), remember_me="y")
    with client.client.session_transaction() as session:
        secret = session["_user_id"]

    with app.app_context():
        row = db.session.execute(db.select(LoginSession.__table__)).one()

    assert secret not in row


def test_use_is_recorded_at_most_once_a_minute(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user())
    client.open("/")
    with record_statements(app) as statements:
        client.open("/")
    assert [line for line in statements if not line.lstrip().startswith("SELECT")] == []

    update_sessions(app, last_used_at=utcnow() - timedelta(seconds=61))
    with record_statements(app) as statements:
        client.open("/")
    assert [line for line in statements if line.startswith("UPDATE login_sessions")]
