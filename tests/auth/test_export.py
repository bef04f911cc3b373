"""The page from which users download their data."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from app.data_export import DataExport
from app.extensions import db
from app.models import LoginSession, Report, SecurityEvent, Target, User, utcnow
from tests.auth.test_security_log import events
from tests.auth.test_sessions import FIREFOX, device
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.exports import EXPORT, all_texts, download, files_of
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.rows import add_passkey

pytestmark = pytest.mark.both_databases


def test_export_is_a_zip_file_that_no_cache_stores(app: Flask, make: Factory) -> None:
    client = SiteClient(app).log_in(make.user("ann"))

    response = download(client)

    assert response.mimetype == "application/zip"
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename=flasky-ann-\d{4}-\d\d-\d\d\.zip", disposition)
    assert response.cache_control.no_store
    assert "README.md" in files_of(response)


def test_export_contains_what_the_settings_show(app: Flask, make: Factory) -> None:
    ann = make.user("ann", name="Ann Lee", about_me="I like *tea*.", locale="en")
    client = device(app, ann, FIREFOX, "203.0.113.7")
    client.submit("/auth/tokens", {"name": "Phone", "password": PASSWORD})
    add_passkey(app, ann, "Laptop")
    client.submit("/auth/change-username", {"username": "anne", "password": PASSWORD})

    files = files_of(download(client))

    account = files["account.json"]
    assert account["username"] == "anne"
    assert account["email"] == "ann@example.com"
    assert account["about_me"] == "I like *tea*."
    assert account["role"] == "User"
    assert [row["name"] for row in account["passkeys"]] == ["Laptop"]
    assert [row["username"] for row in account["former_usernames"]] == ["ann"]
    [session] = files["sessions.json"]
    assert session["browser"], session["network"] == ("Firefox", "203.0.113.0/24")
    assert [row["name"] for row in files["api_tokens.json"]] == ["Phone"]
    names = [row["name"] for row in files["security_log.json"]]
    assert names == ["data_exported", "username_changed", "token_created", "login"]
    assert "I like *tea*." in files["README.md"]


def test_export_contains_the_subjects_of_emails(app: Flask, make: Factory) -> None:
    client = SiteClient(app).log_in(make.user("ann"))
    fields = {"old_password": PASSWORD, "password": "another long sentence"}
    client.submit("/auth/change-password", {**fields, "password2": "another long sentence"})

    [email] = files_of(download(client))["emails.json"]

    assert "Your password was changed" in email["subject"]


def test_export_contains_own_reports(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    with app.app_context():
        for reporter in (ann, bob):
            row = db.session.get_one(User, reporter.id)
            Report.file(row, Target("user", 9, bob.id), "spam", f"Says {row.username}")
        db.session.commit()

    [report] = files_of(download(SiteClient(app).log_in(ann)))["reports.json"]

    assert report.pop("timestamp")
    assert report == {"kind": "user", "row_id": 9, "reason": "spam", "text": "Says ann"}


def test_export_contains_no_secrets(app: Flask, make: Factory, phone: AuthenticatorApp) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)
    phone.set_up(client)
    client.submit("/auth/tokens", {"name": "Phone", "password": PASSWORD})
    with app.app_context():
        secrets = {
            str(value)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(db.select(table)).mappings()
            for column, value in row.items()
            if re.search("hash|digest|stamp|secret|credential_id|public_key|body_", column)
            if column not in {"timestamp", "body_html"} and value
        }

    response = download(client)

    texts = all_texts(response)
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in texts] == []


# demo-only: begin
def test_export_contains_own_texts_as_json_and_markdown(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann, "My *post* 你好.")
    make.comment(ann, post, "My comment.")
    make.post(bob, "Post of Bob")
    make.comment(bob, post, "Comment of Bob")
    deleted = make.post(ann, "Deleted")
    client = SiteClient(app).log_in(ann)
    client.submit(f"/post/{deleted}/deletion", {}, f"/post/{deleted}/deletion")

    files = files_of(response := download(client))

    assert [row["body"] for row in files["posts.json"]] == ["My *post* 你好."]
    assert "My *post* 你好." in files["posts.md"]
    assert [row["body"] for row in files["comments.json"]] == ["My comment."]
    assert files["comments.json"][0]["post_id"] == post
    assert "My comment." in files["comments.md"]
    assert "of Bob" not in all_texts(response)


def test_export_contains_notifications_without_texts_of_others(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann)
    comment = make.comment(bob, post, "Words of Bob")

    response = download(SiteClient(app).log_in(ann))

    [row] = files_of(response)["notifications.json"]
    assert row.pop("timestamp")
    ids = {"post_id": post, "comment_id": comment}
    assert row == {"kind": "comment", "username": "bob", **ids}
    assert "Words of Bob" not in all_texts(response)
    assert files_of(response)["account.json"]["email_digest"] is False


def test_export_contains_follows_with_no_more_than_the_name(app: Flask, make: Factory) -> None:
    ann, bob, carol = make.user("ann"), make.user("bob", name="Robert"), make.user("carol")
    make.follow(ann, bob)
    make.follow(carol, ann)

    files = files_of(download(SiteClient(app).log_in(ann)))

    [bob_row], [carol_row] = files["following.json"], files["followers.json"]
    assert (bob_row["username"], carol_row["username"]) == ("bob", "carol")
    assert set(bob_row) == set(carol_row) == {"username", "timestamp"}


def test_export_contains_own_blocks_and_mutes_only(app: Flask, make: Factory) -> None:
    ann, bob, carol, dan = (make.user(name) for name in ("ann", "bob", "carol", "dan"))
    make.mute(ann, bob)
    make.block(ann, carol)
    make.block(dan, ann)

    rows = files_of(download(SiteClient(app).log_in(ann)))["blocked_and_muted.json"]

    assert [(row["username"], row["kind"]) for row in rows] == [
        ("carol", "block"),
        ("bob", "mute"),
    ]


# demo-only: end
def test_device_of_an_administrator_is_not_exported(app: Flask, make: Factory) -> None:
    ann, boss = make.user("ann"), make.user("boss", role="Administrator")
    fields = {"name": "Ann", "email": ann.email, "username": "ann"}
    device(app, boss, FIREFOX, "198.51.100.9").submit(f"/edit-profile/{ann.id}", fields)

    response = download(SiteClient(app).log_in(ann))

    [event] = [row for row in files_of(response)["security_log.json"] if row["by_administrator"]]
    assert event["name"] == "profile_edited"
    assert "198.51.100" not in all_texts(response)
    assert "boss" not in all_texts(response)


def test_export_is_recorded(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)

    download(client)

    assert events(app, ann) == ["login", "data_exported"]
    assert "Data exported" in client.open("/auth/security-log").text


def test_old_login_has_to_be_repeated(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "REAUTHENTICATION_MINUTES", 15)
    client = SiteClient(app).log_in(make.user("ann"))
    page = client.open(EXPORT)
    with app.app_context():
        earlier = utcnow() - timedelta(minutes=16)
        db.session.execute(db.update(LoginSession).values(timestamp=earlier))
        db.session.commit()

    page = client.send(page, {}, EXPORT)
    assert page.path == f"/auth/reauthentication?next={EXPORT}"
    page = client.send(page, {"password": PASSWORD})

    assert page.path == EXPORT
    assert files_of(download(client))


@pytest.mark.parametrize("fields", [{}, {"csrf_token": "forged"}])
def test_request_of_another_site_is_rejected(
    app: Flask, make: Factory, fields: dict[str, str]
) -> None:
    client = SiteClient(app).log_in(ann := make.user("ann"))

    assert client.client.post(EXPORT, data=fields).status_code == 400
    assert events(app, ann) == ["login"]


def test_downloads_are_limited_per_account(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_EXPORT", "2 per hour")
    ann, bob = SiteClient(app).log_in(make.user("ann")), SiteClient(app).log_in(make.user("bob"))

    statuses = [download(client).status_code for client in (ann, ann, ann, bob)]

    assert statuses == [200, 200, 429, 200]


def test_second_download_at_the_same_time_is_refused(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)
    with app.app_context():
        running = DataExport(db.session.get_one(User, ann.id), "")

    page = client.submit(EXPORT, {}, EXPORT)
    running.close()

    assert "Another export is being downloaded." in page.text
    assert events(app, ann) == ["login"]
    assert files_of(download(client))


def test_download_that_ends_early_lets_another_start(app: Flask, make: Factory) -> None:
    client = SiteClient(app).log_in(make.user("ann"))
    for _ in range(2):
        response = client.client.post(EXPORT, data=client.open(EXPORT).forms[-1].fields)
        assert response.mimetype == "application/zip"
        response.close()


def test_page_to_delete_the_account_says_what_goes_and_links_to_the_export(
    app: Flask, make: Factory
) -> None:
    page = SiteClient(app).log_in(make.user("ann")).open("/auth/delete-account")

    assert "your sessions, API tokens, passkeys and security log" in page.text
    assert "What stays" in page.text
    assert EXPORT in page.links


def test_what_stays_after_a_deletion_is_what_the_page_says(app: Flask, make: Factory) -> None:
    ann, boss = make.user("ann"), make.user("boss", role="Administrator")
    fields = {"name": "Ann", "email": ann.email, "username": "ann"}
    SiteClient(app).log_in(boss).submit(f"/edit-profile/{ann.id}", fields)
    client = SiteClient(app).log_in(ann)
    download(client)
    client.submit("/auth/delete-account", {"password": PASSWORD})

    with app.app_context():
        rows = [
            (table.name, row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(db.select(table))
            if table.name != "roles" and boss.id not in row and "boss" not in row
        ]
        [event] = db.session.scalars(db.select(SecurityEvent).filter_by(username="ann"))
        assert (event.name, event.user_id) == ("profile_edited", None)
        assert event.expires_at - event.timestamp == timedelta(days=730)
    assert [row for row in rows if "ann" in row or ann.email in row] == []
