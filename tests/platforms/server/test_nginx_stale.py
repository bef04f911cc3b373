"""nginx answers readers from its cache while the application is busy, failing or stopped."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.security.cache_control import STALE_WHILE_REVALIDATE
from tests.platforms.server.test_nginx_cache import cache_of, logged_in
from tests.support.nginx import SOURCE, Nginx
from tests.support.raw_browser import NginxBrowser
from tests.support.servers import Gunicorn, Response, eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

SITE = "tests.platforms.server.failing_site:app"
DIRECTIVE = "stale-while-revalidate={}"


@dataclass
class FailingSite:
    """nginx in front of `failing_site`."""

    nginx: Nginx
    gunicorn: Gunicorn
    status: Path

    def fails(self, status: str) -> None:
        """Answer with `status` from now on."""
        self.status.write_text(status)

    def read(self, path: str, **headers: str) -> Response:
        """Request a page."""
        return fetch(self.nginx.connect(), path, headers=headers)

    def is_read(self, path: str, status: str) -> bool:
        """Return True if the page at `path` has `status`."""
        return status in self.read(path).body.decode()

    def is_read_from(self, path: str, cache: set[str]) -> bool:
        """Return True if the cache status of a request is in `cache`; fail unless it is a 200."""
        answer = self.read(path)
        assert answer.status == 200
        return cache_of(self.nginx, answer.headers["X-Request-ID"]) in cache


@contextmanager
def failing_site(folder: Path, bound: int = STALE_WHILE_REVALIDATE) -> Iterator[FailingSite]:
    """Run the site, which does not fail yet; its stored pages are for `bound` seconds."""
    status = folder / "status"
    status.write_text("200 OK")
    environment = {
        "PATH": os.environ["PATH"],
        "FLASK_CONFIG": "testing",
        "STATUS": str(status),
        "BOUND": DIRECTIVE.format(bound),
    }
    edits = {DIRECTIVE.format(STALE_WHILE_REVALIDATE): environment["BOUND"]}
    with Nginx(edits=edits) as nginx:
        bind = f"unix:{nginx.socket}"
        with Gunicorn(environment, "--workers", "1", bind=bind, site=SITE) as gunicorn:
            yield FailingSite(nginx, gunicorn, status)


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[FailingSite]:
    """A site that can fail, with the configuration as it is."""
    with failing_site(tmp_path) as site:
        yield site


@contextmanager
def suspended(site: Gunicorn) -> Iterator[None]:
    """Suspend all processes of the site: it accepts connections, but does not respond."""
    processes = [site.pid, *site.workers]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(processes):
            os.kill(pid, signal.SIGCONT)


def test_readers_get_pages_while_the_application_hangs(failing: FailingSite) -> None:
    first = failing.read("/")

    def is_stale() -> bool:
        assert failing.read("/").body == first.body
        # The request that waits for the renewal is logged after it.
        return any(line["cache"] == "UPDATING" for line in failing.nginx.access())

    with suspended(failing.gunicorn):
        eventually(is_stale)
    eventually(lambda: failing.read("/").body != first.body)


def test_readers_get_pages_while_the_application_is_stopped(failing: FailingSite) -> None:
    first = failing.read("/")
    failing.gunicorn.stop()

    eventually(lambda: failing.is_read_from("/", {"STALE"}))
    assert failing.read("/").body == first.body
    assert failing.read("/unread").status == 502
    assert failing.read("/healthz").status == 502


@pytest.mark.parametrize(
    "status",
    ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Timeout"],
)
def test_readers_get_pages_while_the_application_fails(failing: FailingSite, status: str) -> None:
    first = failing.read("/")
    failing.fails(status)

    for _ in range(2):  # the failed renewal does not replace the page
        eventually(lambda: failing.is_read_from("/", {"STALE"}))
    assert failing.read("/").body == first.body

    failing.fails("200 OK")
    eventually(lambda: failing.read("/").body != first.body)


def test_other_pages_do_not_hide_a_failure(failing: FailingSite) -> None:
    failing.read("/")
    failing.fails("503 Service Unavailable")

    assert failing.read("/", Cookie="session=mine").status == 503
    assert failing.read("/", Authorization="Bearer mine").status == 503
    assert failing.read("/api/v1/posts/").status == 503
    assert failing.read("/other").status == 503


def test_maintenance_mode_is_shown_in_place_of_stored_pages(failing: FailingSite) -> None:
    failing.read("/")
    failing.nginx.maintenance_flag.touch()

    answer = failing.read("/")

    assert answer.status == 503
    assert "down for maintenance" in answer.body.decode()


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 Forbidden", "302 Found"])
def test_deleted_page_is_not_served_from_the_cache(failing: FailingSite, status: str) -> None:
    failing.read("/deleted")
    failing.fails(status)

    eventually(lambda: failing.is_read("/deleted", status))
    assert failing.is_read("/deleted", status)


def test_no_page_is_served_after_the_bound(tmp_path: Path) -> None:
    with failing_site(tmp_path, bound=1) as failing:
        failing.read("/")
        failing.fails("503 Service Unavailable")
        eventually(lambda: failing.read("/").status == 503)
        failing.gunicorn.stop()
        assert failing.read("/").status == 502


def test_deleted_post_is_not_served_from_the_cache(site: Gunicorn, nginx: Nginx) -> None:
    reader, author = NginxBrowser(nginx), logged_in(nginx, "eve")
    author.submit("/", body="Deleted soon")
    [path, *_] = re.findall(r"/post/\d+", author.get("/").body.decode())
    assert b"Deleted soon" in reader.get(path).body

    author.submit(f"{path}/deletion")

    eventually(lambda: reader.get(path).status == 404)
    assert reader.get(path).status == 404


def test_browsers_are_not_told_to_show_old_pages(site: Gunicorn, nginx: Nginx) -> None:
    for _ in range(2):
        assert "Cache-Control" not in NginxBrowser(nginx).get("/?browser").headers
    assert "private" in logged_in(nginx, "ann").get("/").headers["Cache-Control"]
    assert "private" in NginxBrowser(nginx).get("/auth/login").headers["Cache-Control"]


def test_nginx_and_the_application_agree_on_the_bound() -> None:
    directive = f'"{DIRECTIVE.format(STALE_WHILE_REVALIDATE)}"'
    assert (SOURCE / "flasky/http.conf").read_text().count(directive) == 2
