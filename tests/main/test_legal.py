"""The privacy notice and the terms."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import SecurityEvent, User
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Privacy"),
        ("zh-CN", "隐私"),  # chinese-only
    ],
)
def test_privacy_notice_is_in_the_language_of_the_reader(
    client: SiteClient, language: str, title: str
) -> None:
    client.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language

    page = client.open("/privacy")

    assert f"<h1>{title}</h1>" in page.html
    assert str(SecurityEvent.TTL.days) in page.text


def test_language_without_a_text_gets_the_english_one(
    app: Flask, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.main.legal.get_locale", lambda: "fr")

    assert "<h1>Terms</h1>" in client.open("/terms").html


def test_unconfirmed_user_can_read_both(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    client.log_in(ann)
    with app.app_context():
        db.session.get_one(User, ann.id).confirmed = False
        db.session.commit()

    assert client.open("/").path == "/auth/unconfirmed"
    assert client.open("/terms").path == "/terms"
    assert client.open("/privacy").path == "/privacy"


def test_registration_links_to_both(client: SiteClient) -> None:
    html = client.open("/auth/register").html

    assert html.count('href="/terms"') == html.count('href="/privacy"') == 2  # and in the footer
