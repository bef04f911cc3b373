"""A client over real HTTP that keeps cookies and submits forms, for sites behind a server."""

import re
from http.client import HTTPException
from http.cookies import SimpleCookie
from typing import Any, Self
from urllib.parse import urlencode

from tests.support.nginx import Nginx
from tests.support.servers import Response, fetch
from tests.support.traffic import Connect

CSRF_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class RawBrowser:
    """Keeps cookies and sends CSRF tokens. `keep_alive` reuses one connection."""

    def __init__(
        self, url: str, connect: Connect, language: str = "en", *, keep_alive: bool = False
    ) -> None:
        self.url = url
        self.connect = connect
        self.language = language
        self.cookies: dict[str, str] = {}
        self.connection = connect() if keep_alive else None

    def get(self, path: str = "/") -> Response:
        """Request a page; follow no redirect."""
        return self._send(path)

    def csrf_token(self, path: str) -> str:
        """Return the CSRF token of the form at `path`."""
        token = CSRF_TOKEN.search(self.get(path).body.decode())
        assert token is not None, f"No form on {path}"
        return token[1]

    def submit(self, path: str, **fields: str) -> Response:
        """Request the page at `path`, and submit its form."""
        return self.post(path, self.csrf_token(path), **fields)

    def post(self, path: str, token: str, **fields: str) -> Response:
        """Submit a form whose CSRF token is known."""
        body = urlencode({"csrf_token": token, **fields})
        return self._send(path, method="POST", body=body)

    def log_in(self, email: str, password: str) -> Self:
        """Log in; fail if that does not work."""
        response = self.submit("/auth/login", email=email, password=password)
        assert response.headers["Location"] == "/", response.body
        return self

    def close(self) -> None:
        """Close the connection that is kept alive."""
        if self.connection is not None:
            self.connection.close()

    def _send(self, path: str, method: str = "GET", body: str | None = None) -> Response:
        headers = {"Accept-Language": self.language, "Referer": f"{self.url}{path}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        response = self._exchange(path, method=method, body=body, headers=headers)
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or "1970" in morsel["expires"]:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return response

    def _exchange(self, path: str, **request: Any) -> Response:
        if self.connection is None:
            return fetch(self.connect(), path, **request)
        try:
            self.connection.request(url=path, **request)
            response = self.connection.getresponse()
            return Response(response.status, response.headers, response.read())
        except (OSError, HTTPException):
            self.connection.close()  # the next request opens it again
            raise


class NginxBrowser(RawBrowser):
    """Connects through nginx, with a new connection for each request."""

    def __init__(self, nginx: Nginx, language: str = "en") -> None:
        super().__init__(nginx.url, nginx.connect, language)
        self.nginx = nginx
