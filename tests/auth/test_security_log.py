"""The security log of a user, the audit log, and the email about a login on a new device."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.auth import security_log
from app.cli.users import users as users_command
from app.extensions import db
from app.models import Role, SecurityEvent, User
from tests.auth.actions import change_password, follow_email, register, set_password, try_to_log_in
from tests.auth.test_sessions import FIREFOX, PHONE, device
from tests.support.databases import record_statements
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows, token_for

LOG = "/auth/security-log"
AUDIT = "/auth/audit-log"


def events(app: Flask, user: UserData) -> list[str]:
    """Return the names of the user's events, oldest first."""
    with app.app_context():
        names = db.select(SecurityEvent.name).where(SecurityEvent.user_id == user.id)
        return list(db.session.scalars(names.order_by(SecurityEvent.id)))


def new_device_emails(mailbox: Mailbox, user: UserData) -> list[str]:
    subject = "New login to your account"
    return [one.text for one in mailbox.to(user.email) if subject in one.subject]


def test_log_shows_events_in_words_with_the_device(app: Flask, make: Factory) -> None:
    ann = make.user()
    client = device(app, ann, FIREFOX, "203.0.113.7")
    with app.app_context():
        SecurityEvent.record(db.session.get_one(User, ann.id), "moon_phase_changed", "<b>full</b>")
        db.session.commit()

    page = client.open(LOG)

    assert "Logged in" in page.text
    assert "Firefox on Linux" in page.text
    assert "203.0.113.0/24" in page.text
    assert "moon_phase_changed: <b>full</b>" in page.text
    assert "<b>full" not in page.html


def create_and_revoke_tokens(client: SiteClient, ann: UserData) -> None:
    for _ in range(2):
        client.submit("/auth/tokens", {"name": "Phone", "password": ann.password})
    page = client.open("/auth/tokens")
    [_first, last] = [form.action for form in page.forms if re.search(r"\d/rev", form.action)]
    client.send(page, {}, last)
    client.submit("/auth/tokens/revocation", {}, "/auth/tokens/revocation")


def end_sessions(client: SiteClient, ann: UserData) -> None:
    for _ in range(3):
        SiteClient(client.app).log_in(ann)
    page = client.open("/auth/sessions")
    [first, *_rest] = [form.action for form in page.forms if re.search(r"\d/rev", form.action)]
    client.send(page, {}, first)
    client.submit("/auth/sessions", {}, "/auth/sessions/revocation")


def change_email(client: SiteClient, ann: UserData) -> None:
    link = f"/auth/change-email/{token_for(client.app, ann, 'change_email')}"
    client.submit(link, action=link)


def reset(client: SiteClient, ann: UserData) -> None:
    set_password(client, f"/auth/reset/{token_for(client.app, ann, 'reset')}")


def restore_email(client: SiteClient, ann: UserData) -> None:
    link = f"/auth/restore-email/{token_for(client.app, ann, 'restore_email')}"
    client.submit(link, action=link)


ACTIONS: dict[Callable[[SiteClient, UserData], object], list[str]] = {
    change_password: ["password_changed"],
    reset: ["password_reset"],
    change_email: ["email_changed"],
    restore_email: ["email_restored"],
    create_and_revoke_tokens: [
        "token_created",
        "token_created",
        "token_revoked",
        "tokens_revoked",
    ],
    end_sessions: [*["login"] * 3, "session_revoked", "other_sessions_revoked"],
}


@pytest.mark.parametrize("action", ACTIONS)
def test_change_is_recorded(
    app: Flask, make: Factory, client: SiteClient, action: Callable[[SiteClient, UserData], object]
) -> None:
    ann = make.user()

    action(client.log_in(ann), ann)

    assert events(app, ann) == ["login", *ACTIONS[action]]
    assert set(ACTIONS[action]) <= set(security_log.EVENTS)


@pytest.mark.parametrize("email", ["ann@example.com", "missing@example.com"])
def test_failed_login_is_not_recorded(app: Flask, make: Factory, email: str) -> None:
    make.user("ann")

    try_to_log_in(SiteClient(app), email, "wrong")

    assert count_rows(app, SecurityEvent) == 0


def test_users_see_their_own_log_only(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    change_password(SiteClient(app).log_in(ann), ann)

    assert "Password changed" not in client.log_in(make.user("bob")).open(LOG).text


def test_log_takes_two_statements(app: Flask, make: Factory, client: SiteClient) -> None:
    client.log_in(make.user()).open(LOG)
    with record_statements(app) as statements:
        client.open(LOG)
    assert len(statements) == 2


def test_login_on_a_new_device_is_notified_once(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    ann = make.user()
    device(app, ann, FIREFOX, "203.0.113.7")
    device(app, ann, FIREFOX, "203.0.113.8")  # without its cookies, on the same network
    assert new_device_emails(mailbox, ann) == []

    device(app, ann, PHONE, "203.0.113.7")
    [text] = new_device_emails(mailbox, ann)
    assert "Safari on iPhone · 203.0.113.0/24" in text
    assert "http://flasky.example/auth/reset" in text

    device(app, ann, PHONE, "203.0.113.7")
    assert len(new_device_emails(mailbox, ann)) == 1
    assert events(app, ann) == ["login", "login", "login_new_device", "login"]


def test_known_browser_on_another_network_is_not_new(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    laptop = device(app, ann, FIREFOX, "203.0.113.7")
    laptop.submit("/", {}, "/auth/logout")
    laptop.client.environ_base["REMOTE_ADDR"] = "198.51.100.1"

    laptop.log_in(ann)

    assert new_device_emails(mailbox, ann) == []
    # It is new to the account of another user.
    device(app, bob, PHONE, "203.0.113.7")
    laptop.log_in(bob)
    assert len(new_device_emails(mailbox, bob)) == 1


def test_registration_is_not_from_a_new_device(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client)
    follow_email(client, mailbox, "new@example.com")
    client.submit("/", {}, "/auth/logout")

    assert try_to_log_in(client, "new@example.com").path == "/"

    assert not [one for one in mailbox.received if "New login" in one.subject]


@pytest.fixture
def boss(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in administrator."""
    return client.log_in(make.user("boss", role="Administrator"))


def test_changes_of_an_account_are_in_the_audit_log(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    ann = make.user("ann")
    with app.app_context():
        role = Role.find_by_name("Moderator")
        assert role is not None
        role_id = str(role.id)
    fields = {"email": "moved@example.com", "username": "anna", "role": role_id, "name": "Anna"}

    boss.submit(f"/edit-profile/{ann.id}", {**fields, "confirmed": None})

    text = boss.open(AUDIT).text
    for event in (
        "– Email address changed",
        "Username changed: ann → anna",
        "Role changed: User → Moderator",
        "Email address unconfirmed",
        "Profile edited",
    ):
        assert event in text
    assert "moved@example.com" not in text
    assert boss.open(AUDIT).text.count("boss") >= 5


def test_unchanged_account_is_not_in_the_audit_log(make: Factory, boss: SiteClient) -> None:
    boss.submit(f"/edit-profile/{make.user('ann').id}", {"username": "ann"})

    assert "Nothing yet" in boss.open(AUDIT).text


def test_owner_sees_who_changed_the_account_but_not_their_name(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    ann = make.user("ann")
    boss.submit(f"/edit-profile/{ann.id}", {"location": "Rome"})

    text = SiteClient(app).log_in(ann).open(LOG).text

    assert "Profile edited By an administrator" in text
    assert "boss" not in text


@pytest.mark.both_databases
def test_deletion_and_its_actor_are_kept(app: Flask, make: Factory, boss: SiteClient) -> None:
    make.user("ann")
    other = make.user("other", role="Administrator")
    SiteClient(app).log_in(other).submit("/user/ann/deletion", {"username": "ann"})
    assert "/user/other" in boss.open(AUDIT).links

    boss.submit("/user/other/deletion", {"username": "other"})

    page = boss.open(AUDIT)
    assert re.search(r"other – Account deleted .* boss ann – Account deleted .* other", page.text)
    assert "/user/other" not in page.links
    assert count_rows(app, User) == 1


def test_moderation_is_in_the_audit_log(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    post = make.post(ann)
    comment, own = make.comment(ann, post), make.comment(mo, post)
    moderator = SiteClient(app).log_in(mo)

    for verb in ("suspension", "restoration", "deletion"):
        moderator.post(f"/comment/{comment}/{verb}")
    moderator.post(f"/comment/{own}/deletion")
    boss.submit(f"/edit/{post}", {"body": "Better."}, f"/edit/{post}")
    moderator.post(f"/post/{post}/deletion")

    text = boss.open(AUDIT).text
    for event in ("disabled", "enabled", "deleted"):
        assert f"ann – Comment {event}: #{comment}" in text
    assert f"#{own}" not in text
    assert f"ann – Post edited: #{post}" in text
    assert f"ann – Post deleted: #{post}" in text
    assert "Comment disabled" not in SiteClient(app).log_in(ann).open(LOG).text


def test_commands_are_in_the_audit_log(app: Flask, make: Factory, boss: SiteClient) -> None:
    runner = app.test_cli_runner()
    for arguments in (
        ["create", "ann@example.com", "ann", "--password", PASSWORD],
        ["promote", "ann", "Moderator"],
        ["delete", "ann", "--yes"],
    ):
        assert runner.invoke(users_command, arguments).exit_code == 0

    text = boss.open(AUDIT).text

    for event in ("Account created: User", "Role changed: User → Moderator", "Account deleted"):
        assert f"ann – {event}" in text
    assert text.count("Command line") == 3


def test_lists_have_pages(
    app: Flask, make: Factory, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_log, "PER_PAGE", 2)
    ann = make.user("ann")
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        for number in range(3):
            SecurityEvent.record_action(None, f"event {number}", user)
        db.session.commit()

    page = boss.open(AUDIT)

    assert "event 2" in page.text
    assert "event 0" not in page.text
    [older] = [link for link in page.links if "before=" in link]
    assert "event 0" in boss.open(older).text
