"""Somebody with a browser, on the other side of nginx."""

import re
from http.client import HTTPException
from http.cookies import SimpleCookie
from typing import Any, Self
from urllib.parse import urlencode

from tests.system.nginx import Nginx
from tests.system.servers import Answer, fetch
from tests.system.traffic import Connect

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Browser:
    """Remembers cookies, and sends forms with their token. `kept`: uses one connection."""

    def __init__(
        self, url: str, connect: Connect, language: str = "en", *, kept: bool = False
    ) -> None:
        self.url = url
        self.connect = connect
        self.language = language
        self.cookies: dict[str, str] = {}
        self.kept = connect() if kept else None

    def get(self, path: str = "/") -> Answer:
        """Open a page; follow no redirect."""
        return self._send(path)

    def token_on(self, path: str) -> str:
        """Open the page at `path`, and return the token of its form."""
        token = TOKEN.search(self.get(path).body.decode())
        assert token is not None, f"No form on {path}"
        return token[1]

    def submit(self, path: str, **fields: str) -> Answer:
        """Open the page at `path`, and send its form there."""
        return self.post(path, self.token_on(path), **fields)

    def post(self, path: str, token: str, **fields: str) -> Answer:
        """Send a form whose token is known."""
        body = urlencode({"csrf_token": token, **fields})
        return self._send(path, method="POST", body=body)

    def log_in(self, email: str, password: str) -> Self:
        """Log in, and expect it to work."""
        answer = self.submit("/auth/login", email=email, password=password)
        assert answer.headers["Location"] == "/", answer.body
        return self

    def close(self) -> None:
        """Keep the connection no longer."""
        if self.kept is not None:
            self.kept.close()

    def _send(self, path: str, method: str = "GET", body: str | None = None) -> Answer:
        headers = {"Accept-Language": self.language, "Referer": f"{self.url}{path}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._exchange(path, method=method, body=body, headers=headers)
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or "1970" in morsel["expires"]:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def _exchange(self, path: str, **request: Any) -> Answer:
        if self.kept is None:
            return fetch(self.connect(), path, **request)
        try:
            self.kept.request(url=path, **request)
            response = self.kept.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, HTTPException):
            self.kept.close()  # the next request opens it again
            raise


class Visitor(Browser):
    """Comes through nginx, over a new connection each time."""

    def __init__(self, nginx: Nginx, language: str = "en") -> None:
        super().__init__(nginx.url, nginx.connect, language)
        self.nginx = nginx
