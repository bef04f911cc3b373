"""The old email address is notified of a change, and can undo it."""

from datetime import timedelta

import pytest
from flask import Flask

from app.deletion import delete_user
from app.extensions import db
from app.models import Authenticator, EmailChange, LoginSession, User, utcnow
from tests.auth.actions import (
    NEW,
    NEW_PASSWORD,
    follow_email,
    is_logged_in,
    open_link,
    set_password,
    try_to_log_in,
)
from tests.support.api_client import ApiClient
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.passkey_device import PasskeyDevice
from tests.support.rows import count_rows, token_for, user_column

pytestmark = pytest.mark.both_databases
LAST = "last@example.com"


def change(client: SiteClient, mailbox: Mailbox, email: str = NEW) -> None:
    """Change the email address of the logged-in user."""
    client.submit("/auth/change-email", {"email": email, "password": PASSWORD})
    follow_email(client, mailbox, email)


def email_of(app: Flask, user: UserData) -> str:
    return str(user_column(app, user, "email"))


def test_old_address_is_notified_of_the_request_and_the_change(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    client.log_in(ann)

    client.submit("/auth/change-email", {"email": NEW, "password": PASSWORD})
    requested = mailbox.last(ann.email)
    assert NEW in requested.text
    assert "http://flasky.example/auth/reset" in requested.text

    follow_email(client, mailbox, NEW)
    changed = mailbox.last(ann.email)
    assert NEW in changed.text
    assert changed.link.startswith("/auth/restore-email/")
    assert SiteClient(app).open(changed.link).status == 200
    assert email_of(app, ann) == NEW, "opening the link changes nothing"


def test_old_address_hears_the_same_if_the_new_one_has_an_account(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann, bob = make.user("ann"), make.user("bob")

    client.log_in(ann).submit("/auth/change-email", {"email": bob.email, "password": PASSWORD})

    assert bob.email in mailbox.last(ann.email).text


def test_password_reset_by_the_old_address_prevents_the_change(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    client.log_in(ann).submit("/auth/change-email", {"email": NEW, "password": PASSWORD})

    set_password(SiteClient(app), f"/auth/reset/{token_for(app, ann, 'reset')}")

    client.log_in(UserData(ann.id, "ann", ann.email, NEW_PASSWORD))
    assert client.open(mailbox.last(NEW).link).status == 400


def test_old_address_is_restored_without_login_and_chooses_a_password(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    """The link works although the intruder has changed the password, too."""
    ann, owner, intruder = make.user(), SiteClient(app), client
    change(intruder.log_in(ann), mailbox)
    set_password(SiteClient(app), f"/auth/reset/{token_for(app, ann, 'reset')}", PASSWORD)
    intruder.log_in(UserData(ann.id, "ann", NEW))
    api = ApiClient(app, ann)
    reset = f"/auth/reset/{token_for(app, ann, 'reset')}"
    link = mailbox.last(ann.email).link

    page = open_link(owner, link)

    assert page.path.startswith("/auth/reset/")
    assert email_of(app, ann) == ann.email
    assert not is_logged_in(intruder)
    assert api.get("/me").status_code == 401
    assert intruder.open(reset).status == 400
    for email in (NEW, ann.email):
        assert try_to_log_in(SiteClient(app), email).path == "/auth/login"
    owner.send(page, {"password": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert try_to_log_in(owner, ann.email, NEW_PASSWORD).path == "/"
    assert "changed to" in mailbox.last(NEW).text
    assert "/auth/restore-email/" not in mailbox.last(NEW).text


def test_link_can_be_used_once(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    change(client.log_in(ann), mailbox)
    link = mailbox.last(ann.email).link
    open_link(client, link)

    assert client.open(link).status == client.post(link).status == 400


def test_first_address_wins_over_later_ones(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    change(client.log_in(ann), mailbox)
    change(client, mailbox, LAST)
    first, second = (mailbox.last(email).link for email in (ann.email, NEW))

    open_link(SiteClient(app), first)

    assert SiteClient(app).post(second).status == 400
    assert email_of(app, ann) == ann.email


def test_later_address_cannot_prevent_the_first(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    change(client.log_in(ann), mailbox)
    change(client, mailbox, LAST)
    first, second = (mailbox.last(email).link for email in (ann.email, NEW))
    open_link(SiteClient(app), second)
    assert email_of(app, ann) == NEW

    open_link(SiteClient(app), first)

    assert email_of(app, ann) == ann.email


def test_address_that_another_account_took_is_not_restored(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    change(client.log_in(ann), mailbox)
    link = mailbox.last(ann.email).link
    make.user("bob", email=ann.email)

    assert open_link(SiteClient(app), link).status == 400

    assert email_of(app, ann) == NEW
    assert is_logged_in(client)


@pytest.mark.parametrize("token", ["", "x", "a.b", "\u2603", "a" * 1000])
@pytest.mark.parametrize("purpose", ["confirm", "reset", "change_email"])
def test_other_tokens_restore_nothing(
    app: Flask, make: Factory, client: SiteClient, purpose: str, token: str
) -> None:
    ann = make.user()
    for other in (token, token_for(app, ann, purpose)):
        assert client.post(f"/auth/restore-email/{other}").status == (400 if other else 404)
    assert email_of(app, ann) == ann.email


def test_link_expires_with_its_row(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    link = f"/auth/restore-email/{token_for(app, ann, 'restore_email')}"
    assert client.open(link).status == 200
    with app.app_context():
        db.session.execute(db.update(EmailChange).values(expires_at=utcnow() - timedelta(1)))
        db.session.commit()

    assert client.open(link).status == 400


def edit_email(client: SiteClient, user: UserData, email: str) -> None:
    client.submit(f"/edit-profile/{user.id}", {"email": email})


def test_change_by_an_administrator_cannot_be_undone(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    """Otherwise an intruder could undo it."""
    ann = make.user("ann")
    earlier = f"/auth/restore-email/{token_for(app, ann, 'restore_email')}"

    edit_email(client.log_in(make.user("boss", role="Administrator")), ann, NEW)

    assert email_of(app, ann) == NEW
    assert NEW in mailbox.last(ann.email).text
    assert "/auth/restore-email/" not in mailbox.last(ann.email).text
    assert SiteClient(app).open(earlier).status == 400


def test_administrators_can_undo_changes_of_their_own_address(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    boss = make.user("boss", role="Administrator")
    edit_email(client.log_in(boss), boss, NEW)
    assert is_logged_in(client)
    assert count_rows(app, LoginSession) == 1

    open_link(SiteClient(app), mailbox.last(boss.email).link)

    assert email_of(app, boss) == boss.email
    assert not is_logged_in(client)


def test_deleted_account_is_not_restored(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("JOBS_EAGER", "JOBS_IN_WEB"):  # its rows are deleted later
        monkeypatch.setitem(app.config, setting, False)
    ann = make.user("ann")
    link = f"/auth/restore-email/{token_for(app, ann, 'restore_email')}"
    with app.app_context():
        delete_user(db.session.get_one(User, ann.id))
        db.session.commit()

    assert client.open(link).status == 400
    assert count_rows(app, EmailChange) == 0


def test_restoring_removes_the_passkeys_and_the_second_factor_added_since(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox, phone: AuthenticatorApp
) -> None:
    ann, kept, added = make.user(), PasskeyDevice("Kept"), PasskeyDevice("Added")
    kept.add_to(client.log_in(ann))
    change(client, mailbox)
    link = mailbox.last(ann.email).link
    added.add_to(client)
    phone.set_up(client)

    open_link(SiteClient(app), link)

    assert kept.log_in(SiteClient(app)).path == "/"
    assert added.log_in(SiteClient(app)).path == "/auth/login"
    assert count_rows(app, Authenticator) == 0


def test_restoring_keeps_an_earlier_second_factor(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox, phone: AuthenticatorApp
) -> None:
    ann = make.user()
    phone.set_up(client.log_in(ann))
    change(client, mailbox)

    open_link(SiteClient(app), mailbox.last(ann.email).link)

    assert count_rows(app, Authenticator) == 1
