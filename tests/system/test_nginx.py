"""deploy/nginx/ in front of the site: what it answers itself, and what it adds to the rest."""

import re
import ssl
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.headers import FIXED
from tests.system.nginx import NAME, Nginx
from tests.system.servers import Answer, Gunicorn, eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

A_MEGABYTE = 1024 * 1024
STYLESHEET = re.compile(r'href="(/static/css/base\.[0-9a-f]{8,64}\.css)"')

# Each location, and each error that nginx itself can answer with: door, method, path, status.
ANSWERS = {
    "page": ("https", "GET", "/", 200),
    "form": ("https", "GET", "/auth/login", 200),
    "page that is not there": ("https", "GET", "/nowhere", 404),
    "probe": ("https", "GET", "/healthz", 200),
    "probe by plain http": ("http", "GET", "/healthz", 200),
    "static file": ("https", "GET", "{stylesheet}", 200),
    "static file, head": ("https", "HEAD", "{stylesheet}", 200),
    "static file of the site": ("https", "GET", "/static/css/base.css", 200),
    "static file that is not there": ("https", "GET", "/static/nowhere.css", 404),
    "form to a static file": ("https", "POST", "{stylesheet}", 405),
    "style of nginx's pages": ("https", "GET", "/_nginx/page.css", 200),
    "page of nginx's own": ("https", "GET", "/_nginx/502.html", 404),
    "redirect": ("http", "GET", "/x?y", 301),
    "form by plain http": ("http", "POST", "/auth/login", 403),
    "certificate's challenge": ("http", "GET", "/.well-known/acme-challenge/x", 404),
    "long address": ("https", "GET", "/" + "x" * 9000, 414),
    "trace": ("https", "TRACE", "/", 405),
}


@pytest.fixture
def stylesheet(site: Gunicorn, nginx: Nginx) -> str:
    """The address of a stylesheet, as a page names it."""
    found = STYLESHEET.search(fetch(nginx.connect()).body.decode())
    assert found is not None
    return found[1]


@pytest.fixture
def closed(site: Gunicorn, nginx: Nginx) -> Iterator[Nginx]:
    """The site during maintenance."""
    nginx.flag.touch()
    yield nginx
    nginx.flag.unlink()


def is_in(text: str, log: Path) -> bool:
    return text in log.read_text()


def assert_protected(answer: Answer) -> None:
    """Every header for browsers is there, once, and nothing tells what runs here."""
    counts = Counter(name.lower() for name in answer.headers)
    for name, value in FIXED:
        assert answer.headers[name] == value
    once = [name.lower() for name, _ in FIXED] + ["content-security-policy", "x-request-id"]
    assert {name: counts[name] for name in once} == dict.fromkeys(once, 1)
    assert answer.headers["Server"] == "nginx"


def test_configuration_is_accepted_without_a_warning(nginx: Nginx) -> None:
    said = nginx.check()
    assert "test is successful" in said
    assert "warn" not in said


@pytest.mark.parametrize(("door", "method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_the_headers_once(
    site: Gunicorn, nginx: Nginx, stylesheet: str, door: str, method: str, path: str, status: int
) -> None:
    connection = nginx.connect() if door == "https" else nginx.connect_plain()
    answer = fetch(connection, path.format(stylesheet=stylesheet), method=method)
    assert answer.status == status
    assert_protected(answer)


def test_oversize_header_is_refused_with_the_headers(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), headers={"Cookie": "x" * 9000})
    assert answer.status == 400
    assert_protected(answer)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "in chunks"])
def test_oversize_body_is_refused_with_a_page(site: Gunicorn, nginx: Nginx, chunked: bool) -> None:
    body = iter([b"x" * 65536] * 17) if chunked else b"x" * (A_MEGABYTE + 1)
    answer = fetch(nginx.connect(), "/preview", method="POST", body=body, encode_chunked=chunked)
    assert answer.status == 413
    assert "This is too large" in answer.body.decode()
    assert_protected(answer)


def test_largest_body_reaches_the_site(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/preview", method="POST", body=b"x" * A_MEGABYTE)
    assert b"This is too large" not in answer.body


def test_site_that_is_down_is_told_in_a_page() -> None:
    with Nginx() as alone:
        answer = fetch(alone.connect())
    assert answer.status == 502
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "does not answer just now" in answer.body.decode()
    assert_protected(answer)


def test_maintenance_closes_the_site_with_a_page(closed: Nginx) -> None:
    for path in ("/", "/auth/login"):
        answer = fetch(closed.connect(), path)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "120"
        assert "closed for maintenance" in answer.body.decode()
        assert answer.headers["X-Request-ID"] in answer.body.decode()
        assert_protected(answer)


def test_maintenance_leaves_probes_and_files_alone(stylesheet: str, closed: Nginx) -> None:
    for path in ("/healthz", "/readyz", stylesheet, "/_nginx/page.css"):
        assert fetch(closed.connect(), path).status == 200


def test_end_of_maintenance_needs_no_reload(site: Gunicorn, nginx: Nginx) -> None:
    nginx.flag.touch()
    assert fetch(nginx.connect()).status == 503
    nginx.flag.unlink()
    assert fetch(nginx.connect()).status == 200


def test_plain_http_is_sent_to_the_sites_own_name(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect_plain(), "/post/1?page=2", headers={"Host": "evil.example"})
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{NAME}/post/1?page=2"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_browsers_choose_among_versions_and_protocols(
    nginx: Nginx, version: ssl.TLSVersion, protocol: str
) -> None:
    nginx.tls.minimum_version = nginx.tls.maximum_version = version
    nginx.tls.set_alpn_protocols([protocol])
    with nginx.dial() as connection:
        assert connection.selected_alpn_protocol() == protocol
        assert connection.version() == version.name.replace("_", ".")
    nginx.tls.minimum_version = ssl.TLSVersion.TLSv1_2
    nginx.tls.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    nginx.tls.set_alpn_protocols(["http/1.1"])


def test_number_of_the_request_is_nginxs_in_both_logs(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/numbered", headers={"X-Request-ID": "chosen-by-a-client"})
    number = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    for log in (nginx.access_file, site.log_file):
        eventually(partial(is_in, number, log))
    assert "chosen-by-a-client" not in site.log


def test_log_holds_no_token_and_no_question(site: Gunicorn, nginx: Nginx) -> None:
    for path in ("confirm", "reset", "change-email"):
        fetch(nginx.connect(), f"/auth/{path}/not-for-the-log?next=not-for-the-log")
    eventually(lambda: "/auth/change-email/[hidden]" in nginx.access_file.read_text())
    assert "not-for-the-log" not in nginx.access_file.read_text()


def test_site_cannot_be_reached_around_nginx(site: Gunicorn) -> None:
    listening = {
        line.split()[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    for pid in (site.pid, *site.workers):
        opened = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert not opened & {f"socket:[{inode}]" for inode in listening}


def test_hashed_file_is_immutable_compressed_and_served_by_nginx(
    site: Gunicorn, nginx: Nginx, stylesheet: str
) -> None:
    plain = fetch(nginx.connect(), stylesheet)
    packed = fetch(nginx.connect(), stylesheet, headers={"Accept-Encoding": "gzip"})
    for answer in (plain, packed):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"].startswith("text/css")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body)
    assert {line["upstream_status"] for line in nginx.access() if line["path"] == stylesheet} == {
        ""
    }


def test_hashed_file_that_is_unknown_is_not_kept(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/static/css/base.0123456789ab.css")
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_error_page_of_the_site_is_passed_on(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/nowhere", headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh-Hans"' in answer.body.decode()
    assert answer.status == 404
