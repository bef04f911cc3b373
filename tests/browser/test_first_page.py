"""The first page of a visitor, with an empty cache, through nginx with the files of deploy/nginx.

Counts requests and bytes. `benchmarks/front_end.py` measures the time that they take.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.support.databases import new_sqlite_url
from tests.support.nginx import Nginx
from tests.support.page_load import PageLoad, load_page
from tests.support.servers import Gunicorn, deploy, flask, production

MAX_SIZE = 60_000  # bytes

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]


@pytest.fixture(scope="module")
def first_page(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[PageLoad]:
    """The front page with demo data, as an anonymous visitor loads it."""
    database = new_sqlite_url(tmp_path_factory.mktemp("first-page"))
    with Nginx() as nginx:
        settings = {"STATIC_ROOT": nginx.static, "TRUSTED_PROXY_COUNT": 1, "ALLOW_DEMO_DATA": 1}
        environment = production(nginx.url, database, **settings)
        deploy(environment)
        flask(environment, "demo", "seed")
        flask(environment, "static", "collect")
        with Gunicorn(environment, bind=f"unix:{nginx.socket}"):
            yield load_page(browser, nginx.url)


def test_first_page_is_small(first_page: PageLoad) -> None:
    assert 20_000 < first_page.size < MAX_SIZE, first_page.files
    assert all(file.encoding == "gzip" for file in first_page.files)


def test_two_style_sheets_and_nothing_else_block_rendering(first_page: PageLoad) -> None:
    names = [Path(urlsplit(file.url).path).name for file in first_page.files if file.is_blocking]

    assert sorted(name.partition(".")[0] for name in names) == ["bootstrap", "site"]


def test_page_loads_one_script_and_each_style_sheet_once(first_page: PageLoad) -> None:
    names = sorted(Path(urlsplit(file.url).path).suffix for file in first_page.files)

    assert names == ["", ".css", ".css", ".css", ".js"]
