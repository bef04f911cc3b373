"""Every text that a user sees comes from the translation catalogue."""

from contextlib import suppress
from pathlib import Path
from typing import (
    Any,
    get_args,  # demo-only
)

import pytest
from flask import Flask, template_rendered
from werkzeug.exceptions import MethodNotAllowed, NotFound

from app.extensions import db  # demo-only
from app.mail import messages  # demo-only
from app.models import User  # demo-only
from app.models.notification import NotificationKind  # demo-only
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.translations.form_submissions import SUBMISSIONS
from tests.translations.pages import EMPTY_PAGES, PAGES, ROLES
from tests.translations.rendered_text import untranslated_texts, untranslated_words
from tests.translations.site import ContentSite

pytestmark = pytest.mark.slow

NOT_PAGES = {"static", "bootstrap.static", "error", "healthz", "readyz", "metrics"}
NOT_PAGES |= {"api_docs.openapi", "main.posts_atom", "main.user_atom", "main.sitemap"}
NOT_PAGES |= {"main.comment", "main.live", "main.live_stream"}
NOT_PAGES |= {"main.privacy", "main.terms", "main.upload"}  # a template for each language
NOT_PAGES |= {"auth.export"}  # its form downloads a file; the page is in PAGES
# Without an issuer, these are not found; tests/auth/test_openid.py opens them.
NOT_PAGES |= {f"auth.{name}" for name in ("identity", "link_identity", "remove_identity")}
NOT_PAGES |= {f"auth.openid_{name}" for name in ("start", "callback", "password", "register")}


def problems(page: Page) -> list[str]:
    """Return the untranslated texts of a page, and whether it is an unexpected server error."""
    broken = page.status >= 500 and not page.path.startswith("/error/")
    texts = [*untranslated_texts(page.html), *(["server error"] if broken else [])]
    return [f"{page.path}: {text}" for text in texts]


def rules(app: Flask, method: str) -> set[str]:
    """Return the URL rules of the pages that accept `method`."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ())
        and rule.endpoint not in NOT_PAGES
        and not rule.endpoint.startswith(("api.", "site_files."))
    }


def rules_of(app: Flask, method: str, paths: list[str]) -> set[str]:
    """Return the URL rules that match `paths`."""
    matched = set()
    urls = app.url_map.bind("localhost")
    for path in paths:
        with suppress(NotFound, MethodNotAllowed):
            matched.add(urls.match(path.partition("?")[0], method, return_rule=True)[0].rule)
    return matched


def test_tables_hold_every_page_and_form(content_site: ContentSite) -> None:
    app = content_site.app
    pages = [content_site.path(path) for path in PAGES]
    targets = [content_site.path(submission.target) for submission in SUBMISSIONS]

    assert rules(app, "GET") - rules_of(app, "GET", pages) == set()
    assert rules(app, "POST") - rules_of(app, "POST", targets) == set()


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_translated(role: str, content_site: ContentSite) -> None:
    client = content_site.client(role)
    found = []
    for path in PAGES:
        page = client.open(content_site.path(path))
        found += problems(page)
        for link in page.links:
            if "before=" in link or "after=" in link:
                found += problems(client.open(link))
    # demo-only: begin
    content_site.delete_posts()
    for path in EMPTY_PAGES:
        found += problems(client.open(path))
    # demo-only: end

    assert found == []


def test_responses_to_forms_are_translated(content_site: ContentSite) -> None:
    assert [text for form in SUBMISSIONS for text in problems(form.submit(content_site))] == []


def test_csrf_error_is_translated(content_site: ContentSite) -> None:
    response = content_site.client("user").client.post("/", data={"body": "data"})

    assert response.status_code == 400
    assert problems(Page("/", response)) == []


def log_in_elsewhere(site: ContentSite) -> None:
    client = SiteClient(site.app)
    client.client.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    client.log_in(site.users["user"])


# demo-only: begin
def send_digest(site: ContentSite) -> None:
    with site.app.app_context():
        user = db.session.get_one(User, site.users["user"].id)
        messages.send_digest(user, dict.fromkeys(get_args(NotificationKind), 2))
        db.session.commit()


# demo-only: end
def test_emails_are_translated(content_site: ContentSite, mailbox: Mailbox) -> None:
    rendered: list[str] = []

    def record(_app: Flask, template: Any, **_rest: Any) -> None:
        rendered.append(template.name)

    with template_rendered.connected_to(record, content_site.app):
        for submission in SUBMISSIONS:
            if submission.path.startswith(("/auth/", "/user/", "/admin/")):
                submission.submit(content_site)
        content_site.restore()
        log_in_elsewhere(content_site)
        send_digest(content_site)  # demo-only

    folder = Path(content_site.app.root_path, "templates")
    templates = {str(path.relative_to(folder)) for path in folder.glob("email/*.txt")}
    assert {name for name in rendered if name.endswith(".txt")} == templates
    for message in mailbox.received:
        assert untranslated_words(f"{message.subject}\n{message.text}") == set(), message.text
        assert untranslated_texts(message.html) == []
