"""Suspended accounts: locked and hidden, until an administrator ends the suspension."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Post, User
from tests.auth.actions import is_logged_in, open_link, set_password, try_to_log_in
from tests.support.api_client import ApiClient
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import token_for, user_column


@pytest.fixture
def boss(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in administrator."""
    return client.log_in(make.user("boss", role="Administrator"))


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


def suspend(boss: SiteClient, username: str = "ann", reason: str = "Spam since May.") -> Page:
    return boss.submit(f"/user/{username}/suspension", {"reason": reason})


def reinstate(boss: SiteClient, username: str = "ann") -> Page:
    path = f"/user/{username}/reinstatement"
    return boss.submit(path, {}, path)


@pytest.mark.both_databases
def test_suspension_ends_sessions_and_tokens(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData
) -> None:
    browser, api = SiteClient(app).log_in(ann, remember_me="y"), ApiClient(app, ann)
    assert is_logged_in(browser)
    assert api.get("/me").status_code == 200

    page = suspend(boss)

    assert page.path == "/user/ann"
    assert "The account has been suspended." in page.text
    assert "Spam since May." in page.text
    assert not is_logged_in(browser)
    assert api.get("/me").status_code == 401

    reinstate(boss)
    assert not is_logged_in(browser)
    assert api.get("/me").status_code == 401
    assert try_to_log_in(browser, ann.email).path == "/"


def test_suspended_user_cannot_log_in(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData
) -> None:
    suspend(boss)
    browser = SiteClient(app)
    wrong = try_to_log_in(browser, ann.email, "wrong")

    page = try_to_log_in(browser, ann.email)

    assert (page.path, page.text) == (wrong.path, wrong.text)
    response = ApiClient(app).post("/tokens/", {"name": "x"}, auth=(ann.email, ann.password))
    assert response.status_code == 401


def test_links_do_not_unlock_the_account(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData, mailbox: Mailbox
) -> None:
    suspend(boss)
    browser = SiteClient(app)
    browser.submit("/auth/reset", {"email": ann.email})
    set_password(browser, mailbox.last(ann.email).link)
    assert try_to_log_in(browser, ann.email, "another long sentence").path == "/auth/login"

    with app.app_context():
        db.session.get_one(User, ann.id).confirmed = False
        db.session.commit()
    assert open_link_status(browser, f"/auth/confirm/{token_for(app, ann, 'confirm')}") == 400
    restored = open_link(browser, f"/auth/restore-email/{token_for(app, ann, 'restore_email')}")
    assert restored.status == 200
    assert not is_logged_in(browser)
    assert user_column(app, ann, "suspended_at") is not None


def open_link_status(client: SiteClient, link: str) -> int:
    return client.open(link).status


def test_owner_is_notified_with_the_reason(
    make: Factory, boss: SiteClient, ann: UserData, mailbox: Mailbox
) -> None:
    suspend(boss)
    message = mailbox.last(ann.email)
    assert "Your account was suspended" in message.subject
    assert "Reason: Spam since May." in message.text

    reinstate(boss)
    assert "no longer suspended" in mailbox.last(ann.email).subject


@pytest.mark.both_databases
def test_content_is_hidden_until_the_suspension_ends(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData
) -> None:
    bob = make.user("bob")
    post, bobs_post = make.post(ann, "Words of Ann"), make.post(bob, "Words of Bob")
    make.comment(ann, bobs_post, "Comment of Ann")
    make.follow(ann, bob)
    make.follow(bob, ann)
    reader, api = SiteClient(app).log_in(bob), ApiClient(app, bob)
    shown = {
        "/": "Words of Ann",
        "/followed": "Words of Ann",
        f"/post/{post}": "Words of Ann",
        f"/post/{bobs_post}": "Comment of Ann",
        "/followers/bob": 'href="/user/ann"',
        "/followed-by/bob": 'href="/user/ann"',
        "/user/ann": "Words of Ann",
    }
    lists = ("/posts/", f"/users/{bob.id}/timeline/", "/comments/")
    of_api = [*lists, f"/posts/{bobs_post}/comments/"]

    def visible() -> set[str]:
        pages = {path for path, text in shown.items() if text in reader.open(path).html}
        bodies = {path for path in of_api if "of Ann" in api.get(path).get_data(as_text=True)}
        paths = [f"/users/{ann.id}", f"/posts/{post}"]
        return pages | bodies | {path for path in paths if api.get(path).status_code == 200}

    everything = {*shown, *of_api, f"/users/{ann.id}", f"/posts/{post}"}
    assert visible() == everything
    suspend(boss)

    assert visible() == set()
    assert "Words of Bob" in reader.open("/followed").text
    assert "Comment of Ann" not in boss.open("/moderate").text

    reinstate(boss)
    assert visible() == everything


@pytest.mark.both_databases
def test_hidden_posts_take_no_place_in_a_feed(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_POSTS_PER_PAGE", 2)
    bob = make.user("bob")
    make.post(bob, "Words of Bob")
    make.follow(bob, ann)
    for _ in range(4):
        make.post(ann)
    suspend(boss)

    assert "Words of Bob" in SiteClient(app).log_in(bob).open("/followed").text
    assert "Words of Bob" in SiteClient(app).open("/").text


def test_administrators_see_the_suspended_account(
    make: Factory, boss: SiteClient, ann: UserData
) -> None:
    manage = f"/edit-profile/{ann.id}"
    assert "/user/ann/suspension" in boss.open(manage).links
    suspend(boss)

    assert "Suspended since" in boss.open("/user/ann").text
    assert "/user/ann/reinstatement" in boss.open(manage).links
    text = boss.open("/auth/audit-log").text
    assert "ann – Account suspended: Spam since May." in text
    reinstate(boss)
    assert "Suspended since" not in boss.open("/user/ann").text
    assert "ann – Suspension ended" in boss.open("/auth/audit-log").text


@pytest.mark.parametrize("reason", ["", " ", "x" * 256])
def test_reason_is_required(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData, reason: str
) -> None:
    page = suspend(boss, reason=reason)

    assert page.path == "/user/ann/suspension"
    assert "error" in page.html
    assert user_column(app, ann, "suspended_at") is None


def test_repeated_suspension_keeps_the_first(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData, mailbox: Mailbox
) -> None:
    forms = [boss.open("/user/ann/suspension") for _ in range(2)]
    boss.send(forms[0], {"reason": "First"})
    boss.send(forms[1], {"reason": "Second"})

    assert user_column(app, ann, "suspension_reason") == "First"
    assert len([one for one in mailbox.to(ann.email) if "suspended" in one.subject]) == 1


def test_administrators_cannot_suspend_themselves(app: Flask, boss: SiteClient) -> None:
    assert boss.open("/user/boss/suspension").status == 400
    assert boss.post("/user/boss/suspension", reason="Holidays").status == 400
    assert is_logged_in(boss)


def test_suspended_account_can_be_deleted_by_an_administrator(
    app: Flask, make: Factory, boss: SiteClient, ann: UserData
) -> None:
    make.post(ann)
    suspend(boss)

    boss.submit("/user/ann/deletion", {"username": "ann"})

    assert user_column(app, ann, "id") is None
    with app.app_context():
        assert db.session.scalars(db.select(Post.id)).all() == []
