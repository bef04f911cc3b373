"""Responses do not reveal whether an email address has an account."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.http import parse_cookie

from app.extensions import db
from app.models import Registration
from tests.auth.actions import NEW_PASSWORD, follow_email, register, try_to_log_in
from tests.support.authenticator_app import add_authenticator
from tests.support.databases import record_statements
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import Page, SiteClient
from tests.support.interleaving import while_hashing
from tests.support.mailbox import Mailbox
from tests.support.rows import user_row

KNOWN, UNCONFIRMED, UNKNOWN = "known@example.com", "unconfirmed@example.com", "absent@example.com"
PENDING = "pending@example.com"  # a registration
ADDRESSES = [KNOWN, UNCONFIRMED, PENDING, UNKNOWN]


@dataclass(frozen=True)
class Trace:
    """Everything that an attacker can observe of a response."""

    statuses: list[int]
    path: str
    text: str
    cookies: list[str]
    session: set[str]
    mailbox: int
    statements: list[str]
    hashes: int


@dataclass(frozen=True)
class Action:
    """A form with an email address, and its other fields."""

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
    """A list that grows by one item for every hashed password."""
    counted: list[int] = []
    scrypt = hashlib.scrypt

    def counting(*arguments: Any, **options: Any) -> bytes:
        counted.append(1)
        return scrypt(*arguments, **options)

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return counted


@pytest.fixture
def observe(app: Flask, make: Factory, mailbox: Mailbox, hashes: list[int]) -> Observe:
    """Create the accounts; return a function that submits a form and records the response."""
    make_accounts(make)
    visitor = make.user("visitor")

    def send(action: Action, email: str) -> Trace:
        client = SiteClient(app)
        if action.log_in:
            client.log_in(visitor)
        form = client.open(action.path).form_with({"email"}, action.action)
        values = {**form.fields, **action.fields, "email": email}
        hashes.clear()
        mailbox.received.clear()
        with record_statements(app) as statements:
            response = client.client.post(form.action, data=values, follow_redirects=True)
        hops = [*response.history, response]
        return Trace(
            statuses=[hop.status_code for hop in hops],
            path=response.request.path,
            text=Page(response.request.path, response).text.replace(email, "ADDRESS"),
            cookies=[name for hop in hops for name in cookie_names(hop)],
            session=session_keys(client),
            mailbox=len(mailbox.to(email)),
            statements=[kind(statement) for statement in statements],
            hashes=len(hashes),
        )

    return send


def make_accounts(make: Factory) -> None:
    """Create an account with each address but UNKNOWN."""
    add_authenticator(make.app, make.user("known", email=KNOWN))
    make.user("unconfirmed", email=UNCONFIRMED, confirmed=False)
    with make.app.app_context():
        Registration.save(PENDING, "pending", PASSWORD, "en")
        db.session.commit()


def session_keys(client: SiteClient) -> set[str]:
    with client.client.session_transaction() as session:
        return set(session)


def cookie_names(response: Any) -> list[str]:
    return [next(iter(parse_cookie(line))) for line in response.headers.getlist("Set-Cookie")]


def kind(statement: str) -> str:
    """Return the verb and the table of a statement: `UPDATE users`."""
    pattern = (
        r"(?is)^\s*(SELECT).*?\bFROM (\w+)|^\s*(INSERT) INTO (\w+)|^\s*(UPDATE|DELETE FROM) (\w+)"
    )
    match = re.match(pattern, statement)
    assert match is not None, statement
    return " ".join(part for part in match.groups() if part)


@pytest.mark.parametrize("name", ["login", "reset", "resend", "change-email"])
@pytest.mark.parametrize("address", [KNOWN, UNCONFIRMED, PENDING])
def test_known_address_gets_the_response_of_an_unknown_one(
    observe: Observe, name: str, address: str
) -> None:
    known, unknown = observe(ACTIONS[name], address), observe(ACTIONS[name], UNKNOWN)

    assert known == unknown
    assert known.hashes == (1 if name in {"login", "change-email"} else 0)
    assert known.mailbox == (0 if name == "login" else 1)


@pytest.mark.parametrize("address", [KNOWN, UNCONFIRMED, PENDING])
def test_known_address_registers_like_an_unknown_one(observe: Observe, address: str) -> None:
    action = ACTIONS["register"]
    other_name = {**action.fields, "username": "latecomer"}

    known = observe(action, address)
    unknown = observe(Action(action.path, other_name), UNKNOWN)

    assert known == unknown
    assert known.hashes == known.mailbox == 1
    assert "INSERT registrations" in known.statements


@pytest.mark.both_databases
@pytest.mark.parametrize("address", ADDRESSES)
def test_registration_takes_no_user_id(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox, address: str
) -> None:
    make_accounts(make)
    visitor = make.user("visitor")
    register(client, address, "wanted")

    register(client, "own@example.com", "own")
    follow_email(client, mailbox, "own@example.com")

    own = user_row(app, "own")
    assert own is not None
    assert own["id"] == visitor.id + 1


@pytest.mark.both_databases
@pytest.mark.parametrize("address", ADDRESSES)
def test_two_registrations_at_once_cannot_have_the_same_username(
    app: Flask, make: Factory, client: SiteClient, address: str
) -> None:
    make_accounts(make)
    pages = []
    fields = {"email": address, "username": "WANTED", "password": NEW_PASSWORD}
    form = client.open("/auth/register")

    with while_hashing(
        lambda: pages.append(register(SiteClient(app), "own@example.com", "wanted"))
    ):
        pages.append(client.send(form, {**fields, "password2": NEW_PASSWORD}))

    assert [page.path for page in pages] == ["/auth/unconfirmed", "/auth/register"]
    assert "This username is taken" in pages[1].text


@pytest.mark.parametrize("address", ADDRESSES)
def test_requested_username_is_reserved(
    app: Flask, make: Factory, client: SiteClient, address: str
) -> None:
    make_accounts(make)
    register(client, email=address, username="Wanted")

    page = register(SiteClient(app), email="other@example.com", username="wanted")

    assert page.path == "/auth/register"
    assert "This username is taken" in page.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_requested_username_can_be_requested_again(
    make: Factory, client: SiteClient, address: str
) -> None:
    make_accounts(make)
    register(client, email=address, username="wanted")

    assert register(client, email=address, username="Wanted").path == "/auth/unconfirmed"


@pytest.mark.parametrize("address", ADDRESSES)
def test_username_of_an_account_is_taken(make: Factory, client: SiteClient, address: str) -> None:
    make_accounts(make)

    assert "This username is taken" in register(client, email=address, username="known").text


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("path", ["/user/wanted", "/followers/wanted", "/followed-by/wanted"])
def test_requested_username_has_no_profile(
    make: Factory, client: SiteClient, address: str, path: str
) -> None:
    make_accounts(make)
    register(client, email=address, username="wanted")

    assert client.open(path).status == 404


def test_login_with_the_requested_password_fails(make: Factory, client: SiteClient) -> None:
    make.user("known", email=KNOWN)
    responses = []
    for number, address in enumerate([KNOWN, UNKNOWN]):
        register(client, address, f"wanted{number}", NEW_PASSWORD)
        page = try_to_log_in(client, address, NEW_PASSWORD)
        responses.append((page.status, page.path, page.text))

    assert responses[0] == responses[1]


def test_owner_keeps_password_and_username(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    known = make.user("known", email=KNOWN)

    register(client, KNOWN, "wanted", NEW_PASSWORD)

    assert "You already have an account" in mailbox.last(KNOWN).subject
    client.log_in(known)
    assert client.open("/user/known").status == 200


def test_profile_appears_after_confirmation(client: SiteClient, mailbox: Mailbox) -> None:
    register(client, UNKNOWN, "wanted")

    follow_email(client, mailbox, UNKNOWN)

    assert client.open("/user/wanted").status == 200
