"""A site in which every word is translated, and the people on it.

Words do not depend on the database: SQLite in memory is the quickest.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.databases import clean, migrated
from tests.mailbox import Mailbox

from .catalogues import write_disguised
from .site import World, make_site

DISGUISE = "eo"  # any language that the site does not have


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
    app = make_site("sqlite://", mail_server, **settings)
    with migrated(app):
        yield app


@pytest.fixture
def world(site: Flask, mail_server: Mailbox) -> Iterator[World]:
    """That site, with people who have written things."""
    mail_server.clear()
    yield World(site)
    clean(site)
