"""deploy/nginx/ in front of the site: its own responses, and what it adds to those of the site."""

import gzip
import re
import ssl
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.security.headers import FIXED_HEADERS
from tests.support.nginx import HOST, Nginx
from tests.support.servers import Gunicorn, Response, eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

A_MEGABYTE = 1024 * 1024
STYLESHEET = re.compile(r'href="(/static/css/site\.[0-9a-f]{8,64}\.css)"')

# Every location, and every error that nginx itself returns: scheme, method, path, status.
ANSWERS = {
    "page": ("https", "GET", "/", 200),
    "form": ("https", "GET", "/auth/login", 200),
    "unknown page": ("https", "GET", "/nowhere", 404),
    "probe": ("https", "GET", "/healthz", 200),
    "probe over HTTP": ("http", "GET", "/healthz", 200),
    "static file": ("https", "GET", "{stylesheet}", 200),
    "HEAD of a static file": ("https", "HEAD", "{stylesheet}", 200),
    "static file of the site": ("https", "GET", "/static/css/base.css", 200),
    "unknown static file": ("https", "GET", "/static/nowhere.css", 404),
    "POST to a static file": ("https", "POST", "{stylesheet}", 405),
    "style sheet of nginx's pages": ("https", "GET", "/_nginx/page.css", 200),
    "internal error page": ("https", "GET", "/_nginx/502.html", 404),
    "redirect": ("http", "GET", "/x?y", 301),
    "form over HTTP": ("http", "POST", "/auth/login", 403),
    "ACME challenge": ("http", "GET", "/.well-known/acme-challenge/x", 404),
    "long URL": ("https", "GET", "/" + "x" * 9000, 414),
    "trace": ("https", "TRACE", "/", 405),
}


@pytest.fixture
def stylesheet(site: Gunicorn, nginx: Nginx) -> str:
    """The URL of a style sheet, with its content hash."""
    found = STYLESHEET.search(fetch(nginx.connect()).body.decode())
    assert found is not None
    return found[1]


@pytest.fixture
def under_maintenance(site: Gunicorn, nginx: Nginx) -> Iterator[Nginx]:
    """The site in maintenance mode."""
    nginx.maintenance_flag.touch()
    yield nginx
    nginx.maintenance_flag.unlink()


def is_in(text: str, log: Path) -> bool:
    return text in log.read_text()


def assert_security_headers(answer: Response) -> None:
    """Check that every security header is present once, and none names the software."""
    counts = Counter(name.lower() for name in answer.headers)
    for name, value in FIXED_HEADERS:
        assert answer.headers[name] == value
    once = [name.lower() for name, _ in FIXED_HEADERS] + [
        "content-security-policy",
        "x-request-id",
    ]
    assert {name: counts[name] for name in once} == dict.fromkeys(once, 1)
    assert answer.headers["Server"] == "nginx"


def test_configuration_is_accepted_without_a_warning(nginx: Nginx) -> None:
    output = nginx.config_test()
    assert "test is successful" in output
    assert "warn" not in output


@pytest.mark.parametrize(("door", "method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_response_has_each_security_header_once(
    site: Gunicorn, nginx: Nginx, stylesheet: str, door: str, method: str, path: str, status: int
) -> None:
    connection = nginx.connect() if door == "https" else nginx.connect_http()
    answer = fetch(connection, path.format(stylesheet=stylesheet), method=method)
    assert answer.status == status
    assert_security_headers(answer)


def test_oversize_header_is_rejected_with_security_headers(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), headers={"Cookie": "x" * 9000})
    assert answer.status == 400
    assert_security_headers(answer)


@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_oversize_body_is_rejected_with_a_page(
    site: Gunicorn, nginx: Nginx, chunked: bool
) -> None:
    body = iter([b"x" * 65536] * 17) if chunked else b"x" * (A_MEGABYTE + 1)
    answer = fetch(nginx.connect(), "/preview", method="POST", body=body, encode_chunked=chunked)
    assert answer.status == 413
    assert "This is too large" in answer.body.decode()
    assert_security_headers(answer)


def test_largest_body_reaches_the_site(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/preview", method="POST", body=b"x" * A_MEGABYTE)
    assert b"This is too large" not in answer.body


def test_unreachable_site_has_an_error_page() -> None:
    with Nginx() as alone:
        answer = fetch(alone.connect())
    assert answer.status == 502
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "temporarily unavailable" in answer.body.decode()
    assert_security_headers(answer)


def test_maintenance_mode_shows_a_page(under_maintenance: Nginx) -> None:
    for path in ("/", "/auth/login"):
        answer = fetch(under_maintenance.connect(), path)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "120"
        assert "down for maintenance" in answer.body.decode()
        assert answer.headers["X-Request-ID"] in answer.body.decode()
        assert_security_headers(answer)


def test_maintenance_mode_serves_probes_and_static_files(
    stylesheet: str, under_maintenance: Nginx
) -> None:
    for path in ("/healthz", "/readyz", stylesheet, "/_nginx/page.css"):
        assert fetch(under_maintenance.connect(), path).status == 200


def test_end_of_maintenance_mode_needs_no_reload(site: Gunicorn, nginx: Nginx) -> None:
    nginx.maintenance_flag.touch()
    assert fetch(nginx.connect()).status == 503
    nginx.maintenance_flag.unlink()
    assert fetch(nginx.connect()).status == 200


def test_http_redirects_to_the_name_of_the_site(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect_http(), "/post/1?page=2", headers={"Host": "evil.example"})
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{HOST}/post/1?page=2"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_tls_versions_and_http_protocols_are_negotiated(
    nginx: Nginx, version: ssl.TLSVersion, protocol: str
) -> None:
    nginx.tls.minimum_version = nginx.tls.maximum_version = version
    nginx.tls.set_alpn_protocols([protocol])
    with nginx.connect_raw() as connection:
        assert connection.selected_alpn_protocol() == protocol
        assert connection.version() == version.name.replace("_", ".")
    nginx.tls.minimum_version = ssl.TLSVersion.TLSv1_2
    nginx.tls.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    nginx.tls.set_alpn_protocols(["http/1.1"])


def test_request_id_of_nginx_is_in_both_logs(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/numbered", headers={"X-Request-ID": "chosen-by-a-client"})
    number = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    for log in (nginx.access_file, site.log_file):
        eventually(partial(is_in, number, log))
    assert "chosen-by-a-client" not in site.log


def test_site_listens_on_the_unix_socket_only(site: Gunicorn) -> None:
    listening = {
        line.split()[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    for pid in (site.pid, *site.workers):
        opened = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert not opened & {f"socket:[{inode}]" for inode in listening}


@pytest.mark.parametrize("path", ["/", "/auth/login", "/api/v1/openapi.json"])
def test_pages_and_api_responses_are_compressed(site: Gunicorn, nginx: Nginx, path: str) -> None:
    plain = fetch(nginx.connect(), path)
    packed = fetch(nginx.connect(), path, headers={"Accept-Encoding": "gzip"})

    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in ", ".join(packed.headers.get_all("Vary", []))
    assert len(gzip.decompress(packed.body)) == pytest.approx(len(plain.body), abs=200)  # tokens


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


def test_unknown_hashed_file_is_not_cached(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/static/css/base.0123456789ab.css")
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_error_page_of_the_site_is_passed_through(site: Gunicorn, nginx: Nginx) -> None:
    answer = fetch(nginx.connect(), "/nowhere", headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh-Hans"' in answer.body.decode()
    assert answer.status == 404


def test_upload_can_be_larger(site: Gunicorn, nginx: Nginx) -> None:
    body = b"x" * (5 * A_MEGABYTE)
    answer = fetch(nginx.connect(), "/edit-profile/avatar", method="POST", body=body)
    assert b"This is too large" not in answer.body
