"""Emails sent by the account pages."""

from typing import Any

import pytest
from flask import Flask

from app.i18n import LANGUAGES
from tests.auth.actions import NEW, change_password, follow_email, register, set_password
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import token_for

FORGED = "evil.example"


def test_email_has_a_text_and_an_html_part(client: SiteClient, mailbox: Mailbox) -> None:
    register(client)

    message = mailbox.last(NEW)

    assert message.link in message.text
    assert f'href="http://flasky.example{message.link}"' in message.html
    assert message.text != message.html


def test_subject_has_the_default_prefix(client: SiteClient, mailbox: Mailbox) -> None:
    register(client)

    assert mailbox.last(NEW).subject == "[Flasky] Confirm your account"


def test_subject_prefix_is_configurable(
    app: Flask, client: SiteClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_MAIL_SUBJECT_PREFIX", "[Acme]")

    register(client)

    assert mailbox.last(NEW).subject.startswith("[Acme] ")


@pytest.mark.parametrize(
    "forged",
    [
        {"base_url": f"http://{FORGED}"},
        {"headers": {"X-Forwarded-Host": FORGED, "X-Forwarded-Proto": "https"}},
        {"headers": {"Forwarded": f"host={FORGED}"}},
    ],
    ids=["Host", "X-Forwarded-Host", "Forwarded"],
)
def test_links_ignore_the_host_of_the_request(
    app: Flask, make: Factory, mailbox: Mailbox, forged: dict[str, Any]
) -> None:
    ann, flask_client = make.user(), app.test_client()
    page = Page("/auth/reset", flask_client.get("/auth/reset", **forged))
    fields = {**page.form_with({"email"}).fields, "email": ann.email}

    flask_client.post("/auth/reset", data=fields, **forged)

    message = mailbox.last(ann.email)
    assert FORGED not in message.text + message.html
    assert "http://flasky.example/auth/reset/" in message.text


def test_links_include_the_path_of_site_url(
    app: Flask, client: SiteClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SITE_URL", "https://example.org/blog")

    register(client)

    assert "https://example.org/blog/auth/confirm/" in mailbox.last(NEW).text


ADVERTISEMENT = "You_won_claim_at_www.evil.example"


@pytest.mark.parametrize("language", LANGUAGES)
def test_email_contains_no_text_that_a_user_chose(
    app: Flask, make: Factory, mailbox: Mailbox, language: str
) -> None:
    client = SiteClient(app, **{"Accept-Language": language.replace("_", "-")})
    register(client, NEW, ADVERTISEMENT)
    client.submit("/auth/unconfirmed", {"email": NEW}, "/auth/confirm")
    follow_email(client, mailbox, NEW)
    SiteClient(app).submit("/auth/reset", {"email": NEW})
    set_password(SiteClient(app), mailbox.last(NEW).link)  # sends an email, too
    client = SiteClient(app)
    register(client, NEW, f"{ADVERTISEMENT}2")
    mallory = make.user(
        "Mallory_www.evil.example", name=ADVERTISEMENT, location=ADVERTISEMENT, about_me=FORGED
    )
    other = SiteClient(app).log_in(mallory)
    for email in (NEW, "victim@example.com"):
        other.submit("/auth/change-email", {"email": email, "password": mallory.password})

    received = [one for one in mailbox.received if "admin@example.com" not in one.recipients]
    assert len(received) == 9
    for message in received:
        assert FORGED not in message.subject + message.text + message.html


def test_email_is_in_the_language_of_the_recipient(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann, wei = make.user("ann", locale="en"), make.user("wei", locale="zh_Hans")

    for user in (ann, wei):
        client.submit("/auth/reset", {"email": user.email})

    assert 'lang="en"' in mailbox.last(ann.email).html
    assert 'lang="zh-Hans"' in mailbox.last(wei.email).html


def test_new_account_has_the_language_of_the_registration(app: Flask, mailbox: Mailbox) -> None:
    client = SiteClient(app, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})

    register(client)

    assert 'lang="zh-Hans"' in mailbox.last(NEW).html


def test_administrator_is_notified_of_a_confirmed_account(
    client: SiteClient, mailbox: Mailbox
) -> None:
    register(client, username="newcomer")
    assert mailbox.to("admin@example.com") == []

    follow_email(client, mailbox, NEW)

    (notice,) = mailbox.to("admin@example.com")
    assert "newcomer" in notice.subject
    assert "http://flasky.example/user/newcomer" in notice.text


def test_no_notification_without_flasky_admin(
    app: Flask, client: SiteClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_ADMIN", None)
    register(client)

    follow_email(client, mailbox, NEW)

    assert [message.recipients for message in mailbox.received] == [[NEW]]


def test_smtp_error_does_not_fail_the_request(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    mailbox.refusal = "450 Come back later"

    page = change_password(client.log_in(ann), ann)

    assert "Your password has been changed" in page.text
    assert mailbox.received == []


@pytest.mark.parametrize("purpose", ["confirm", "reset", "change_email"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_referer_header_does_not_contain_the_token(
    app: Flask, make: Factory, purpose: str, method: str
) -> None:
    ann = make.user(confirmed=purpose != "confirm")
    client = SiteClient(app) if purpose == "confirm" else SiteClient(app).log_in(ann)
    path = f"/auth/{purpose.replace('_', '-')}/"

    for token in (token_for(app, ann, purpose), "invalid"):
        page = client.client.open(path + token, method=method)
        assert page.headers["Referrer-Policy"] == "strict-origin"
