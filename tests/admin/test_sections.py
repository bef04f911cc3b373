"""The navigation of the administration."""

import pytest
from flask import Flask, url_for

from app.admin.sections import SECTIONS, Section
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.endpoint)
def test_section_has_the_navigation_and_is_current(
    app: Flask, boss: SiteClient, section: Section
) -> None:
    with app.test_request_context():
        paths = {one.endpoint: url_for(one.endpoint) for one in SECTIONS}

    page = boss.open(paths[section.endpoint])

    assert page.status == 200
    assert set(paths.values()) <= set(page.links)
    assert f'href="{paths[section.endpoint]}" aria-current="page"' in page.html


@pytest.mark.parametrize(("role", "expected"), [("Administrator", True), ("Moderator", False)])
def test_menu_of_administrators_links_to_it(
    make: Factory, client: SiteClient, role: str, expected: bool
) -> None:
    page = client.log_in(make.user("ann", role)).open("/")

    assert ("/admin/" in page.links) is expected
