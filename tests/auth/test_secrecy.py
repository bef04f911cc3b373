"""Nothing the site does tells whether an address has an account."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.http import parse_cookie

from tests.databases import counted_statements
from tests.factories import PASSWORD, Factory
from tests.mailbox import Mailbox
from tests.reader import Page, Reader

from .actions import NEW_PASSWORD, follow_letter, register, try_to_log_in

KNOWN, UNCONFIRMED, UNKNOWN = "known@example.com", "unsure@example.com", "absent@example.com"


@dataclass(frozen=True)
class Trace:
    """What a stranger can see, hear or measure of an answer."""

    statuses: list[int]
    path: str
    text: str
    cookies: list[str]
    session: set[str]
    letters: int
    statements: list[str]
    hashes: int


@dataclass(frozen=True)
class Action:
    """A form that takes an address, and what else is filled in."""

    path: str
    fields: dict[str, str]
    action: str | None = None
    log_in: bool = False


ACTIONS = {
    "login": Action("/auth/login", {"password": "not the right one"}),
    "register": Action(
        "/auth/register",
        {"username": "newcomer", "password": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    "reset": Action("/auth/reset", {}),
    "resend": Action("/auth/unconfirmed", {}, "/auth/confirm"),
    "change-email": Action("/auth/change-email", {"password": PASSWORD}, log_in=True),
}


Observe = Callable[[Action, str], Trace]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grow by one for every password that is hashed."""
    counted: list[int] = []
    scrypt = hashlib.scrypt

    def counting(*arguments: Any, **options: Any) -> bytes:
        counted.append(1)
        return scrypt(*arguments, **options)

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return counted


@pytest.fixture
def observe(app: Flask, make: Factory, letters: Mailbox, hashes: list[int]) -> Observe:
    """Have the accounts made; return what sends a form and notes everything about the answer."""
    make.user("known", email=KNOWN)
    make.user("unsure", email=UNCONFIRMED, confirmed=False)
    visitor = make.user("visitor")

    def send(action: Action, email: str) -> Trace:
        reader = Reader(app)
        if action.log_in:
            reader.log_in(visitor)
        form = reader.open(action.path).form_with({"email"}, action.action)
        values = {**form.fields, **action.fields, "email": email}
        hashes.clear()
        letters.received.clear()
        with counted_statements(app) as statements:
            answer = reader.client.post(form.action, data=values, follow_redirects=True)
        hops = [*answer.history, answer]
        return Trace(
            statuses=[hop.status_code for hop in hops],
            path=answer.request.path,
            text=Page(answer.request.path, answer).text.replace(email, "ADDRESS"),
            cookies=[name for hop in hops for name in cookie_names(hop)],
            session=session_keys(reader),
            letters=len(letters.to(email)),
            statements=[kind(statement) for statement in statements],
            hashes=len(hashes),
        )

    return send


def session_keys(reader: Reader) -> set[str]:
    with reader.client.session_transaction() as session:
        return set(session)


def cookie_names(response: Any) -> list[str]:
    return [next(iter(parse_cookie(line))) for line in response.headers.getlist("Set-Cookie")]


def kind(statement: str) -> str:
    """Return what a statement does and to which table: `UPDATE users`."""
    pattern = (
        r"(?is)^\s*(SELECT).*?\bFROM (\w+)|^\s*(INSERT) INTO (\w+)|^\s*(UPDATE|DELETE FROM) (\w+)"
    )
    match = re.match(pattern, statement)
    assert match is not None, statement
    return " ".join(part for part in match.groups() if part)


@pytest.mark.parametrize("name", ["login", "reset", "resend", "change-email"])
@pytest.mark.parametrize("address", [KNOWN, UNCONFIRMED])
def test_known_address_is_answered_like_an_unknown_one(
    observe: Observe, name: str, address: str
) -> None:
    known, unknown = observe(ACTIONS[name], address), observe(ACTIONS[name], UNKNOWN)

    assert known == unknown
    assert known.hashes == (1 if name in {"login", "change-email"} else 0)
    assert known.letters == (0 if name == "login" else 1)


@pytest.mark.parametrize("address", [KNOWN, UNCONFIRMED])
def test_known_address_registers_like_an_unknown_one(
    app: Flask, observe: Observe, address: str
) -> None:
    """A new account is one row more to write, a fraction of what the password's hash takes."""
    action = ACTIONS["register"]
    other_name = {**action.fields, "username": "latecomer"}

    known = observe(action, address)
    unknown = observe(Action(action.path, other_name), UNKNOWN)

    assert visible(known) == visible(unknown)
    assert known.hashes == unknown.hashes == 1
    assert known.letters == unknown.letters == 1
    for trace in (known, unknown):
        assert {"INSERT users", "UPDATE users"} & set(trace.statements)
        assert "INSERT letters" in trace.statements


def visible(trace: Trace) -> tuple[Any, ...]:
    return trace.statuses, trace.path, trace.text, trace.cookies, trace.session


@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_name_asked_for_is_taken_in_either_case(
    app: Flask, make: Factory, reader: Reader, address: str
) -> None:
    make.user("known", email=KNOWN)
    register(reader, email=address, username="Wanted")

    page = register(Reader(app), email="other@example.com", username="wanted")

    assert page.path == "/auth/register"
    assert "This name is taken" in page.text


@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_name_asked_for_can_be_asked_for_again_in_either_case(
    make: Factory, reader: Reader, address: str
) -> None:
    make.user("known", email=KNOWN)
    register(reader, email=address, username="wanted")

    assert register(reader, email=address, username="Wanted").path == "/auth/unconfirmed"


@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_name_of_a_member_is_taken_whoever_asks(
    make: Factory, reader: Reader, address: str
) -> None:
    make.user("known", email=KNOWN)

    assert "This name is taken" in register(reader, email=address, username="known").text


@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("path", ["/user/wanted", "/followers/wanted", "/followed-by/wanted"])
def test_new_name_has_no_page_in_either_case(
    make: Factory, reader: Reader, address: str, path: str
) -> None:
    make.user("known", email=KNOWN)
    register(reader, email=address, username="wanted")

    assert reader.open(path).status == 404


def test_password_just_chosen_fails_alike_in_either_case(make: Factory, reader: Reader) -> None:
    make.user("known", email=KNOWN)
    said = []
    for number, address in enumerate([KNOWN, UNKNOWN]):
        register(reader, address, f"wanted{number}", NEW_PASSWORD)
        page = try_to_log_in(reader, address, NEW_PASSWORD)
        said.append((page.status, page.path, page.text))

    assert said[0] == said[1]


def test_owner_of_the_address_keeps_password_and_name(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    known = make.user("known", email=KNOWN)

    register(reader, KNOWN, "wanted", NEW_PASSWORD)

    assert "You already have an account" in letters.last(KNOWN).subject
    reader.log_in(known)
    assert reader.open("/user/known").status == 200


def test_profile_appears_once_the_address_is_confirmed(reader: Reader, letters: Mailbox) -> None:
    register(reader, UNKNOWN, "wanted")

    follow_letter(reader, letters, UNKNOWN)

    assert reader.open("/user/wanted").status == 200
