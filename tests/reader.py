"""Somebody with a browser that runs no JavaScript: opens pages, follows links, sends forms.

Forms are sent as the page gives them, hidden fields and all, so that protection against forgery
is on in every test and a form that lacks a token fails.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from .factories import Person

REDIRECTS = {301, 302, 303, 307, 308}
IGNORED = {"script", "style", "head"}


@dataclass
class Form:
    """A form on a page: where it goes, and what it holds."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """An answer of the site, taken apart."""

    def __init__(self, path: str, response: TestResponse) -> None:
        super().__init__()
        self.path = path
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(self.html)

    @property
    def text(self) -> str:
        """What the page says, in one line."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
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
            # A browser drops the line break that follows the tag.
            self.forms[-1].fields[self._textarea] += data.removeprefix("\n").removeprefix("\r\n")
        elif not self._open:
            self.words.append(data)

    def form_with(self, names: set[str], action: str | None = None) -> Form:
        """Return the first form that has all these fields (and leads to `action`)."""
        for form in self.forms:
            if names <= form.names | set(form.fields) and action in {None, form.action}:
                return form
        raise AssertionError(f"No form with {sorted(names)} on {self.path}: {self.forms}")


class Reader:
    """Opens pages of `app` and remembers cookies, as a browser does."""

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
        """Open `path`, fill in the form that has `fields` (and leads to `action`), send it."""
        return self.send(self.open(path), fields or {}, action)

    def send(self, page: Page, fields: dict[str, Any], action: str | None = None) -> Page:
        """Fill in and send a form of a page that is open; a field set to None is left out."""
        form = page.form_with(set(fields), action)
        values = {**form.fields, **fields}
        values = {name: value for name, value in values.items() if value is not None}
        target = urljoin(page.path, form.action)
        if form.method == "get":
            return self._follow(
                target, self.client.get(target, query_string=values, headers=self.headers)
            )
        return self._follow(target, self.client.post(target, data=values, headers=self.headers))

    def post(self, path: str, **fields: Any) -> Page:
        """Send a form that no page offers here, with a good token against forgery."""
        token = self.open("/preferences").form_with({"csrf_token"}).fields["csrf_token"]
        values = {"csrf_token": token, **fields}
        return self._follow(path, self.client.post(path, data=values, headers=self.headers))

    def log_in(self, person: Person, **fields: Any) -> "Reader":
        """Log in, and expect it to work; return this reader."""
        values = {"email": person.email, "password": person.password, **fields}
        page = self.submit("/auth/login", values)
        assert page.path == "/", page.text
        return self

    def _follow(self, path: str, response: TestResponse) -> Page:
        for _ in range(5):
            if response.status_code not in REDIRECTS:
                return Page(path, response)
            target = urlsplit(urljoin(path, response.headers["Location"]))
            assert not target.netloc or target.netloc == "localhost", target
            path = target.path + (f"?{target.query}" if target.query else "")
            response = self.client.get(path, headers=self.headers)
        raise AssertionError(f"Too many redirects, the last to {path}")
