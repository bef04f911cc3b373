"""Who visits a site while it is tried: strangers, members, one who writes, one who registers.

Each has a browser that keeps its connection, and sends one request at a time. What the site has
acknowledged is remembered, so that it can be looked for afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from tests.factories import PASSWORD
from tests.system.load import Ask
from tests.system.traffic import Connect, outcome_of
from tests.system.visitor import Browser

FOR_EVERYBODY = ("/", "/post/1", "/user/ann", "/auth/login")
FOR_MEMBERS = ("/", "/post/1", "/user/ann", "/followed")
FEWEST = 4  # one of each
ELSEWHERE = "sent elsewhere"  # what became of a form whose sender was not known any more
LOGGED_OUT = "logged out"


class Client:
    """Sends requests, one after the other."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def ask(self) -> str:
        """Send a request; return what became of it."""
        return outcome_of(self.request)

    def request(self) -> int | str:
        """Send a request; return the status, or what is wrong with an answer that looks good."""
        raise NotImplementedError


class Stranger(Client):
    """Opens one page after the other."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(browser)
        self.paths = cycle(FOR_EVERYBODY)

    def request(self) -> int | str:
        return self.browser.get(next(self.paths)).status


class Member(Client):
    """Opens one page after the other, is logged in, and wants to stay so."""

    def __init__(self, browser: Browser, email: str) -> None:
        super().__init__(browser.log_in(email, PASSWORD))
        self.paths = cycle(FOR_MEMBERS)

    def request(self) -> int | str:
        answer = self.browser.get(next(self.paths))
        is_known = answer.status != 200 or b"/auth/logout" in answer.body
        return answer.status if is_known else LOGGED_OUT


class Promised(Client):
    """Sends a form again and again, and remembers what was promised by sending it on."""

    path: str
    then: str  # where the site sends those whose form it has taken

    def __init__(self, browser: Browser, numbers: Iterator[int]) -> None:
        super().__init__(browser)
        self.token = browser.token_on(self.path)
        self.numbers = numbers
        self.promised: list[str] = []

    def request(self) -> int | str:
        name, fields = self.form(next(self.numbers))
        answer = self.browser.post(self.path, self.token, **fields)
        if not 300 <= answer.status < 400:
            return answer.status if answer.status != 200 else "form shown again"
        if answer.headers["Location"] != self.then:
            return ELSEWHERE
        self.promised.append(name)
        return answer.status

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        """Return what is promised, and the form that asks for it."""
        raise NotImplementedError


class Writer(Promised):
    """Publishes posts."""

    path = then = "/"

    def __init__(self, browser: Browser, email: str, numbers: Iterator[int]) -> None:
        super().__init__(browser.log_in(email, PASSWORD), numbers)

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        body = f"post number {number}"
        return body, {"body": body}


class Registrar(Promised):
    """Registers people, each of whom is promised a letter."""

    path, then = "/auth/register", "/auth/unconfirmed"

    def form(self, number: int) -> tuple[str, dict[str, str]]:
        name = f"person{number}"
        email = f"{name}@example.com"
        fields = {"email": email, "username": name, "password": PASSWORD, "password2": PASSWORD}
        return email, fields


@dataclass
class Visitors:
    """`clients` people: the writer, the registrar, and twice as many strangers as members."""

    url: str
    connect: Connect
    members: list[str]
    clients: int
    numbers: Iterator[int]

    def __post_init__(self) -> None:
        if self.clients < FEWEST:
            raise ValueError(f"Fewer than {FEWEST} clients are no crowd.")
        logged_in = max(1, (self.clients - 2) // 3)
        self.writer = Writer(self._browser(), self.members[0], self.numbers)
        self.registrar = Registrar(self._browser(), self.numbers)
        names = cycle(self.members)
        self.everybody: list[Client] = [self.writer, self.registrar]
        self.everybody += [Member(self._browser(), next(names)) for _ in range(logged_in)]
        self.everybody += [Stranger(self._browser()) for _ in range(self.clients - 2 - logged_in)]

    @property
    def asks(self) -> list[Ask]:
        """What each of them does, again and again."""
        return [one.ask for one in self.everybody]

    def leave(self) -> None:
        """Close their connections."""
        for one in self.everybody:
            one.browser.close()

    def _browser(self) -> Browser:
        return Browser(self.url, self.connect, kept=True)
