"""A pseudolocalized site: every translatable text is shown in full-width letters."""

from collections.abc import Iterator

import pytest

from tests.support.databases import migrated
from tests.support.mailbox import Mailbox
from tests.translations.catalogues import write_pseudo_catalogue
from tests.translations.site import ContentSite, make_site

PSEUDO_LOCALE = "eo"  # any locale that the site does not have


@pytest.fixture(scope="module")
def shared_content_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[ContentSite]:
    """The pseudolocalized site, created once."""
    folder = tmp_path_factory.mktemp("site") / "translations"
    write_pseudo_catalogue(PSEUDO_LOCALE, folder)
    app = make_site(
        mail_server,
        BABEL_DEFAULT_LOCALE=PSEUDO_LOCALE,
        BABEL_TRANSLATION_DIRECTORIES=str(folder),
    )
    with migrated(app):
        yield ContentSite(app)


@pytest.fixture
def content_site(shared_content_site: ContentSite, mail_server: Mailbox) -> ContentSite:
    """The pseudolocalized site, unchanged."""
    mail_server.clear()
    shared_content_site.restore()
    return shared_content_site
