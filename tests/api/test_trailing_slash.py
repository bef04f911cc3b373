"""List URLs work with and without their trailing slash."""

from flask import Flask
from werkzeug.routing import RequestRedirect

from tests.support.api_client import PREFIX, ApiClient


def test_list_url_without_slash_is_not_redirected(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")

    for path in ("/posts", "/comments", "/tokens", "/users/1/posts"):
        try:
            adapter.match(PREFIX + path, method="GET")
        except RequestRedirect:
            raise AssertionError(path) from None


def test_unsupported_method_is_405_with_the_allowed_methods(app: Flask) -> None:
    for method in ("PATCH", "PUT", "DELETE"):
        response = ApiClient(app).send(method, "/posts/")
        assert response.status_code == 405
        assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_options_lists_the_allowed_methods(app: Flask) -> None:
    for path in ("/posts/", "/posts"):
        response = app.test_client().options(PREFIX + path)
        assert (response.status_code, response.data) == (204, b"")
        assert "Content-Type" not in response.headers
        assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_unknown_url_is_404(app: Flask) -> None:
    for path in ("/nowhere", "/nowhere/", "/users/2147483648/posts"):
        for method in ("GET", "PATCH"):
            assert ApiClient(app).send(method, path).status_code == 404, path
