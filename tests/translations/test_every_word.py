"""Every word that a reader sees can be translated, and is."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from werkzeug.exceptions import MethodNotAllowed, NotFound

from tests.mailbox import Mailbox
from tests.reader import Page

from .conftest import DISGUISE
from .deeds import DEEDS, LETTER_WRITERS, Deed
from .pages import EMPTY_PAGES, PAGES, READERS
from .site import World
from .words import untranslated, untranslated_in_html

pytestmark = pytest.mark.slow  # every page, for every reader, in two languages

NO_PAGES = {"static", "bootstrap.static", "error", "healthz", "readyz", "metrics"} | {
    "api_docs.openapi"
}
LATIN_IN_CHINESE = frozenset({"Markdown", "MB", "NUL"})
KNOWN = {DISGUISE: frozenset[str](), "zh_Hans": LATIN_IN_CHINESE}


def complaints(page: Page, language: str) -> list[str]:
    """Return what is not translated on a page, and whether it broke."""
    broken = page.status >= 500 and not page.path.startswith("/error/")
    found = untranslated_in_html(page.html, KNOWN[language])
    return [f"{page.path} {text}" for text in [*found, *(["is broken"] if broken else [])]]


def rules(app: Flask, method: str) -> set[str]:
    """Return the addresses, with their variables, under which `method` does something."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ())
        and rule.endpoint not in NO_PAGES
        and not rule.endpoint.startswith("api.")
    }


def rules_of(app: Flask, method: str, paths: list[str]) -> set[str]:
    """Return the rules that lead to `paths`; a path that `method` cannot reach has none."""
    found = set()
    for path in paths:
        with suppress(NotFound, MethodNotAllowed):
            adapter = app.url_map.bind("localhost")
            found.add(adapter.match(path.partition("?")[0], method, return_rule=True)[0].rule)
    return found


def test_no_page_is_forgotten(world: World) -> None:
    paths = [world.path(path) for path in PAGES]
    targets = [world.path(deed.target) for deed in DEEDS.values()]

    assert rules(world.app, "GET") - rules_of(world.app, "GET", paths) == set()
    assert rules(world.app, "POST") - rules_of(world.app, "POST", targets) == set()


@pytest.mark.parametrize("kind", READERS)
def test_every_word_of_every_page_is_translated(kind: str, world: World, language: str) -> None:
    reader = world.reader(kind)

    for path in PAGES:
        page = reader.open(world.path(path))
        assert complaints(page, language) == []
        for link in page.links:
            if "before=" in link or "after=" in link:
                assert complaints(reader.open(link), language) == []


@pytest.mark.parametrize("kind", READERS)
def test_every_word_of_an_empty_site_is_translated(kind: str, world: World, language: str) -> None:
    reader = world.reader(kind)
    world.forget_posts()

    for path in EMPTY_PAGES:
        assert complaints(reader.open(path), language) == []


@pytest.mark.parametrize("deed", DEEDS.values(), ids=list(DEEDS))
def test_every_word_of_every_answer_is_translated(deed: Deed, world: World, language: str) -> None:
    assert complaints(deed.do(world), language) == []


def test_form_without_a_token_is_refused_in_translated_words(world: World, language: str) -> None:
    response = world.reader("user").client.post("/", data={"body": "data"})

    assert response.status_code == 400
    assert complaints(Page("/", response), language) == []


def test_every_word_of_every_letter_is_translated(
    world: World, language: str, letters: Mailbox
) -> None:
    rendered: list[str] = []

    def note(_app: Flask, template: Any, **_rest: Any) -> None:
        rendered.append(template.name)

    with template_rendered.connected_to(note, world.app):
        for deed in LETTER_WRITERS:
            DEEDS[deed].do(world)

    folder = Path(world.app.root_path, "templates")
    texts = {str(path.relative_to(folder)) for path in folder.glob("email/*.txt")}
    assert {name for name in rendered if name.endswith(".txt")} == texts
    for letter in letters.received:
        words = untranslated(f"{letter.subject}\n{letter.text}", KNOWN[language])
        assert words == set(), letter.text
        assert untranslated_in_html(letter.html, KNOWN[language]) == []
