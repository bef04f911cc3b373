"""The letters that come from the pages of an account."""

from typing import Any

import pytest
from flask import Flask

from tests.factories import Factory
from tests.mailbox import Mailbox
from tests.reader import Page, Reader

from .actions import NEW, change_password, follow_letter, register

FORGED = "evil.example"


def test_letters_come_as_text_and_as_html(reader: Reader, letters: Mailbox) -> None:
    register(reader)

    letter = letters.last(NEW)

    assert letter.link in letter.text
    assert f'href="http://flasky.example{letter.link}"' in letter.html
    assert letter.text != letter.html


def test_subject_begins_with_the_name_of_the_site(reader: Reader, letters: Mailbox) -> None:
    register(reader)

    assert letters.last(NEW).subject == "[Flasky] Confirm your account"


def test_subject_can_begin_differently(
    app: Flask, reader: Reader, letters: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_MAIL_SUBJECT_PREFIX", "[Acme]")

    register(reader)

    assert letters.last(NEW).subject.startswith("[Acme] ")


@pytest.mark.parametrize(
    "forged",
    [
        {"base_url": f"http://{FORGED}"},
        {"headers": {"X-Forwarded-Host": FORGED, "X-Forwarded-Proto": "https"}},
        {"headers": {"Forwarded": f"host={FORGED}"}},
    ],
    ids=["Host", "X-Forwarded-Host", "Forwarded"],
)
def test_links_never_lead_to_the_host_that_a_request_names(
    app: Flask, make: Factory, letters: Mailbox, forged: dict[str, Any]
) -> None:
    ann, client = make.user(), app.test_client()
    page = Page("/auth/reset", client.get("/auth/reset", **forged))
    fields = {**page.form_with({"email"}).fields, "email": ann.email}

    client.post("/auth/reset", data=fields, **forged)

    letter = letters.last(ann.email)
    assert FORGED not in letter.text + letter.html
    assert "http://flasky.example/auth/reset/" in letter.text


def test_links_begin_with_the_path_that_the_site_lives_under(
    app: Flask, reader: Reader, letters: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_URL", "https://example.org/blog")

    register(reader)

    assert "https://example.org/blog/auth/confirm/" in letters.last(NEW).text


def test_letter_is_written_in_the_language_of_its_reader(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann, wei = make.user("ann", locale="en"), make.user("wei", locale="zh_Hans")

    for person in (ann, wei):
        reader.submit("/auth/reset", {"email": person.email})

    assert 'lang="en"' in letters.last(ann.email).html
    assert 'lang="zh-Hans"' in letters.last(wei.email).html


def test_new_account_gets_its_letters_in_the_language_it_registered_in(
    app: Flask, letters: Mailbox
) -> None:
    reader = Reader(app, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})

    register(reader)

    assert 'lang="zh-Hans"' in letters.last(NEW).html


def test_administrator_is_told_once_the_address_is_confirmed(
    reader: Reader, letters: Mailbox
) -> None:
    register(reader, username="newcomer")
    assert letters.to("admin@example.com") == []

    follow_letter(reader, letters, NEW)

    (notice,) = letters.to("admin@example.com")
    assert "newcomer" in notice.subject
    assert "http://flasky.example/user/newcomer" in notice.text


def test_nobody_is_told_where_there_is_no_administrator(
    app: Flask, reader: Reader, letters: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_ADMIN", None)
    register(reader)

    follow_letter(reader, letters, NEW)

    assert [letter.recipients for letter in letters.received] == [[NEW]]


def test_refused_letter_does_not_break_the_page(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    letters.refusal = "450 Come back later"

    page = change_password(reader.log_in(ann), ann)

    assert "Your password has been changed" in page.text
    assert letters.received == []
