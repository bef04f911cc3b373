"""Every word that a reader sees can be translated, and is.

The words do not depend on the database, so one kind of database does.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, template_rendered

from tests.databases import clean, migrated, new_sqlite_url
from tests.mailbox import Mailbox
from tests.reader import Page
from tests.repository import ROOT

from .catalogues import disguise, write_disguised
from .site import World, make_site
from .visits import DEEDS, PAGES, READERS, Deed
from .words import untranslated, untranslated_in_html

DISGUISE = "eo"  # any language that the site does not have
NO_PAGES = {"static", "bootstrap.static", "error"}
LATIN_IN_CHINESE = frozenset({"Markdown", "MB", "NUL"})
KNOWN = {DISGUISE: frozenset[str](), "zh_Hans": LATIN_IN_CHINESE}


@pytest.fixture(scope="module", params=[DISGUISE, "zh_Hans"])
def language(request: pytest.FixtureRequest) -> str:
    """A language in which every word is translated."""
    return str(request.param)


@pytest.fixture(scope="module")
def site(
    language: str, tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[Flask]:
    """A site that speaks nothing else."""
    folder = tmp_path_factory.mktemp("site")
    settings = {"BABEL_DEFAULT_LOCALE": language}
    if language == DISGUISE:
        write_disguised(DISGUISE, folder / "translations")
        settings["BABEL_TRANSLATION_DIRECTORIES"] = str(folder / "translations")
    app = make_site(new_sqlite_url(folder), mail_server, **settings)
    with migrated(app):
        yield app


@pytest.fixture
def world(site: Flask, mail_server: Mailbox) -> Iterator[World]:
    """That site, with people who have written things."""
    mail_server.clear()
    yield World(site)
    clean(site)


def complaints(page: Page, language: str) -> list[str]:
    """Return what is not translated on a page, and whether it broke."""
    broken = page.status >= 500 and not page.path.startswith("/error/")
    found = untranslated_in_html(page.html, KNOWN[language])
    return [f"{page.path} {text}" for text in [*found, *(["is broken"] if broken else [])]]


@pytest.mark.parametrize("kind", READERS)
def test_every_word_of_every_page_is_translated(kind: str, world: World, language: str) -> None:
    reader = world.reader(kind)

    for path in PAGES:
        page = reader.open(world.path(path))
        assert complaints(page, language) == []
        for link in page.links:
            if "before=" in link or "after=" in link:
                assert complaints(reader.open(link), language) == []


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
def test_every_word_of_every_answer_is_translated(
    deed: Deed, world: World, language: str
) -> None:
    assert complaints(deed.do(world), language) == []


def test_form_without_a_token_is_refused_in_translated_words(
    world: World, language: str
) -> None:
    response = world.reader("user").client.post("/", data={"body": "data"})

    assert response.status_code == 400
    assert complaints(Page("/", response), language) == []
