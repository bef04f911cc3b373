"""`make docs` builds a site of all pages, without external hosts."""

import re
from pathlib import Path

import pytest

from tests.support.repository import files
from tests.template.projects import template_repository

pytestmark = pytest.mark.fresh
EXTERNAL = re.compile(r"""(?:<(?:script|link|img|iframe)\b[^>]*(?:src|href)=|url\()["']?https?:""")


def test_site_has_every_page_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    repository = template_repository(tmp_path)

    done = repository.make("docs")

    assert done.returncode == 0, done.stdout
    site = repository.path / "htmldocs"
    pages = [path for path in files() if path.suffix == ".md" and path.parts[0] != ".github"]
    assert len(pages) > 20
    for path in pages:
        assert (site / path.with_suffix(".html")).exists(), path
    navigation = (site / "docs/README.html").read_text()
    assert 'class="reference internal" href="configuration.html">Configuration<' in navigation
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        assert not EXTERNAL.search(path.read_text()), path
    assert repository.git("status", "--porcelain") == ""


def test_broken_link_is_an_error(tmp_path: Path) -> None:
    repository = template_repository(tmp_path)
    repository.write("docs/api.md", "# The API\n\n[Missing](missing.md)\n")

    done = repository.make("docs")

    assert done.returncode != 0
    assert "docs/api.md:3: WARNING:" in done.stdout
