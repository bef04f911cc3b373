"""Clients of a site under test: anonymous, logged in, posting, registering.

Each keeps its connection and sends one request at a time. Clients that submit forms record what
the site has accepted, so that it can be looked up afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from tests.support.factories import PASSWORD
from tests.support.load import SendRequest
from tests.support.raw_browser import RawBrowser
from tests.support.traffic import Connect, outcome_of

ANONYMOUS_PATHS = ("/", "/post/1", "/user/ann", "/auth/login")
LOGGED_IN_PATHS = ("/", "/post/1", "/user/ann", "/followed")
MIN_CLIENTS = 4  # one of each kind
WRONG_REDIRECT = "wrong redirect"  # a form whose user the site did not recognize
LOGGED_OUT = "logged out"


class Client:
    """Sends requests, one after the other."""

    def __init__(self, browser: RawBrowser) -> None:
        self.browser = browser

    def send(self) -> str:
        """Send a request; return its outcome."""
        return outcome_of(self.request)

    def request(self) -> int | str:
        """Send a request; return the status, or why a 2xx or 3xx response is wrong."""
        raise NotImplementedError


class AnonymousClient(Client):
    """Opens one page after the other."""

    def __init__(self, browser: RawBrowser) -> None:
        super().__init__(browser)
        self.paths = cycle(ANONYMOUS_PATHS)

    def request(self) -> int | str:
        return self.browser.get(next(self.paths)).status


class LoggedInClient(Client):
    """Opens one page after the other, and expects to stay logged in."""

    def __init__(self, browser: RawBrowser, email: str) -> None:
        super().__init__(browser.log_in(email, PASSWORD))
        self.paths = cycle(LOGGED_IN_PATHS)

    def request(self) -> int | str:
        response = self.browser.get(next(self.paths))
        logged_in = response.status != 200 or b"/auth/logout" in response.body
        return response.status if logged_in else LOGGED_OUT


class FormClient(Client):
    """Submits a form repeatedly, and records what the site has accepted."""

    path: str
    redirect: str  # where the site redirects after it has accepted the form

    def __init__(self, browser: RawBrowser, numbers: Iterator[int]) -> None:
        super().__init__(browser)
        self.token = browser.csrf_token(self.path)
        self.numbers = numbers
        self.accepted: list[str] = []

    def request(self) -> int | str:
        name, fields = self.form(next(self.numbers))
        response = self.browser.post(self.path, self.token, **fields)
        if not 300 <= response.status < 400:
            return response.status if response.status != 200 else "form shown again"
        if response.headers["Location"] != self.redirect:
            return WRONG_REDIRECT
        self.accepted.append(name)
        return response.status

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        """Return what to record, and the fields of the form."""
        raise NotImplementedError


class PostingClient(FormClient):
    """Publishes posts."""

    path = redirect = "/"

    def __init__(self, browser: RawBrowser, email: str, numbers: Iterator[int]) -> None:
        super().__init__(browser.log_in(email, PASSWORD), numbers)

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        body = f"post number {number}"
        return body, {"body": body}


class RegisteringClient(FormClient):
    """Registers users, each of whom must get an email."""

    path, redirect = "/auth/register", "/auth/unconfirmed"

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        name = f"user{number}"
        email = f"{name}@example.com"
        fields = {"email": email, "username": name, "password": PASSWORD, "password2": PASSWORD}
        return email, fields


@dataclass
class SiteClients:
    """`count` clients: one posts, one registers, and of the others one in three is logged in."""

    url: str
    connect: Connect
    emails: list[str]
    count: int
    numbers: Iterator[int]

    def __post_init__(self) -> None:
        if self.count < MIN_CLIENTS:
            raise ValueError(f"Use at least {MIN_CLIENTS} clients.")
        logged_in = max(1, (self.count - 2) // 3)
        self.posting = PostingClient(self._browser(), self.emails[0], self.numbers)
        self.registering = RegisteringClient(self._browser(), self.numbers)
        emails = cycle(self.emails)
        self.all: list[Client] = [self.posting, self.registering]
        self.all += [LoggedInClient(self._browser(), next(emails)) for _ in range(logged_in)]
        self.all += [AnonymousClient(self._browser()) for _ in range(self.count - 2 - logged_in)]

    @property
    def senders(self) -> list[SendRequest]:
        """The functions that send the next request, one for each client."""
        return [client.send for client in self.all]

    def close(self) -> None:
        """Close the connections."""
        for client in self.all:
            client.browser.close()

    def _browser(self) -> RawBrowser:
        return RawBrowser(self.url, self.connect, keep_alive=True)
