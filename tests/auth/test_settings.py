"""The settings: one list of sections, on a page of its own and beside each section."""

import pytest
from flask import Flask, url_for

from app.auth.settings import SECTIONS, Section
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient

pytestmark = pytest.mark.usefixtures("issuer")  # without one, a section is missing

DELETE = "auth.delete_account"
OF_USERS = SECTIONS
OF_ADMINISTRATORS = [section for section in SECTIONS if section.endpoint != DELETE]
BY_ROLE = [
    *[(None, section) for section in OF_USERS],
    *[("Administrator", section) for section in OF_ADMINISTRATORS],
]


def path(app: Flask, section: Section) -> str:
    with app.test_request_context():
        return url_for(section.endpoint)


def links(app: Flask, page: Page) -> list[str]:
    """Return the endpoints of the sections that `page` links to."""
    return [one.endpoint for one in SECTIONS if path(app, one) in page.links]


def test_page_links_to_every_section(app: Flask, make: Factory, client: SiteClient) -> None:
    page = client.log_in(make.user()).open("/auth/settings")

    assert len(OF_USERS) > 5
    assert links(app, page) == [section.endpoint for section in OF_USERS]
    assert all(str(section.description) in page.text for section in OF_USERS)


@pytest.mark.parametrize(("role", "section"), BY_ROLE)
def test_section_has_the_navigation_and_is_current(
    app: Flask, make: Factory, client: SiteClient, role: str | None, section: Section
) -> None:
    page = client.log_in(make.user(role=role)).open(path(app, section))

    assert page.status == 200
    assert links(app, page) == [one.endpoint for one in (OF_ADMINISTRATORS if role else OF_USERS)]
    assert f'href="{path(app, section)}" aria-current="page"' in page.html
    assert page.html.count('aria-current="page"') == 1
    assert "/auth/settings" in page.links


def test_change_of_the_email_address_belongs_to_the_account(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    page = client.log_in(ann).open("/auth/account")
    assert ann.email in page.text
    assert ann.username in page.text
    assert "/auth/change-email" in page.links

    assert 'href="/auth/account" aria-current="page"' in client.open("/auth/change-email").html


def test_preferences_of_anonymous_users_are_no_section(client: SiteClient) -> None:
    page = client.open("/preferences")

    assert page.status == 200
    assert "/auth/settings" not in page.links
    assert "/auth/delete-account" not in page.links


def test_menu_links_to_the_settings(make: Factory, client: SiteClient) -> None:
    assert "/auth/settings" in client.log_in(make.user()).open("/").links
