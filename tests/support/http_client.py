"""A test client that parses pages and submits their forms.

Forms are submitted with all their hidden fields, so that CSRF protection is on in every test and
a form without a token fails.
"""

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.support.factories import UserData

REDIRECTS = {301, 302, 303, 307, 308}
IGNORED = {"script", "style", "head"}


@dataclass
class Form:
    """A form on a page, with the values of its fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Parser(HTMLParser):
    """Collects the forms, links and visible texts of a page at `path`."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.attributes: dict[str, str] = {}
        self._open: list[str] = []
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.attributes.update(values)
        if tag in IGNORED:
            self._open.append(tag)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "form":
            action = values.get("action") or self.path
            self.forms.append(Form(action, values.get("method", "get").lower()))
        name = values.get("name")
        if name and self.forms and tag in {"input", "textarea", "select", "button"}:
            self._add_field(tag, name, values)
        if tag == "option" and self._select and "selected" in values:
            self.forms[-1].fields[self._select] = values.get("value", "")

    def _add_field(self, tag: str, name: str, values: dict[str, str]) -> None:
        form = self.forms[-1]
        form.names.add(name)
        kind = values.get("type", "text")
        if tag == "textarea":
            self._textarea = name
            form.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif kind in {"checkbox", "radio"}:
            if "checked" in values:
                form.fields[name] = values.get("value", "on")
        elif tag == "input" and kind != "submit":
            form.fields[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        if tag == "textarea":
            self._textarea = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            # Browsers drop the line break that follows the start tag.
            self.forms[-1].fields[self._textarea] += data.removeprefix("\n").removeprefix("\r\n")
        elif not self._open:
            self.texts.append(data)


class Page:
    """A response; its HTML is parsed when that is needed, since it takes as long as a request."""

    def __init__(self, path: str, response: TestResponse) -> None:
        self.path = path
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True)

    @cached_property
    def _parsed(self) -> Parser:
        return Parser(self.path, self.html)

    @property
    def forms(self) -> list[Form]:
        return self._parsed.forms

    @property
    def links(self) -> list[str]:
        return self._parsed.links

    @property
    def text(self) -> str:
        """The visible text, in one line."""
        return " ".join(" ".join(self._parsed.texts).split())

    def attribute(self, name: str) -> str:
        """Return the value of the last attribute with this name."""
        return self._parsed.attributes[name]

    def form_with(self, names: set[str], action: str | None = None) -> Form:
        """Return the first form with all these fields (and this `action`).

        Without fields and action, it is not the search in the header.
        """
        for form in self.forms:
            if not names and action is None and form.method == "get":
                continue
            if names <= form.names | set(form.fields) and action in {None, form.action}:
                return form
        raise AssertionError(f"No form with {sorted(names)} on {self.path}: {self.forms}")


class SiteClient:
    """Opens pages of `app` and submits their forms; keeps cookies."""

    def __init__(self, app: Flask, **headers: str) -> None:
        self.app = app
        self.client = app.test_client()
        self.headers = headers

    def open(self, path: str, **options: Any) -> Page:
        """Open a page and follow redirects."""
        return self._follow(path, self.client.get(path, headers=self.headers, **options))

    def submit(
        self, path: str, fields: dict[str, Any] | None = None, action: str | None = None
    ) -> Page:
        """Open `path`, fill in the form with `fields` (and this `action`) and submit it."""
        return self.send(self.open(path), fields or {}, action)

    def send(self, page: Page, fields: dict[str, Any], action: str | None = None) -> Page:
        """Fill in and submit a form of `page`; a field set to None is left out."""
        form = page.form_with(set(fields), action)
        values = {**form.fields, **fields}
        values = {name: value for name, value in values.items() if value is not None}
        target = urljoin(page.path, form.action)
        if form.method == "get":
            return self._follow(
                target, self.client.get(target, query_string=values, headers=self.headers)
            )
        return self._send(target, values)

    def post(self, path: str, **fields: Any) -> Page:
        """Send a POST request with a valid CSRF token, without a form."""
        token = self.open("/preferences").form_with({"csrf_token"}).fields["csrf_token"]
        values = {"csrf_token": token, **fields}
        return self._send(path, values)

    def log_in(self, user: UserData, **fields: Any) -> "SiteClient":
        """Log in; return this client."""
        form = self.open("/auth/login").form_with({"email", "password"})
        values = {**form.fields, "email": user.email, "password": user.password, **fields}
        response = self.client.post("/auth/login", data=values, headers=self.headers)
        assert response.headers.get("Location") == "/", response.text
        return self

    def _send(self, path: str, values: dict[str, Any]) -> Page:
        options: dict[str, Any] = {"data": values}
        if any(isinstance(value, FileStorage) for value in values.values()):
            # The test client would write large ones to a temporary file that it does not close.
            boundary, body = encode_multipart(values)
            content_type = f"multipart/form-data; boundary={boundary}"
            options = {"data": body, "content_type": content_type}
        return self._follow(path, self.client.post(path, headers=self.headers, **options))

    def _follow(self, path: str, response: TestResponse) -> Page:
        for _ in range(5):
            if response.status_code not in REDIRECTS:
                return Page(path, response)
            target = urlsplit(urljoin(path, response.headers["Location"]))
            assert not target.netloc or target.netloc == "localhost", target
            path = target.path + (f"?{target.query}" if target.query else "")
            response = self.client.get(path, headers=self.headers)
        raise AssertionError(f"Too many redirects, the last to {path}")
