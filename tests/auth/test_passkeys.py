"""Passkeys: adding, renaming and removing them, and logging in with one."""

import json
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import LoginSession, Passkey, User
from tests.auth.actions import is_logged_in, try_to_log_in
from tests.support.app_factory import make_app
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.concurrency import run_concurrently
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.live_site import UNLIMITED
from tests.support.mailbox import Mailbox
from tests.support.passkey_device import ADD, LOGIN, PRESENT, PasskeyDevice, options_of
from tests.support.rows import count_rows

PAGE = "/auth/passkeys"
NOT_ACCEPTED = "The passkey was not accepted."


@pytest.fixture
def ann(make: Factory, client: SiteClient) -> UserData:
    ann = make.user("ann")
    client.log_in(ann)
    return ann


@pytest.fixture
def device(ann: UserData, client: SiteClient) -> PasskeyDevice:
    """A device with a passkey of ann."""
    device = PasskeyDevice()
    assert device.add_to(client).path == PAGE
    return device


def test_new_passkey_is_notified(ann: UserData, device: PasskeyDevice, mailbox: Mailbox) -> None:
    message = mailbox.last(ann.email)
    assert message.subject == "[Flasky] A passkey was added to your account"
    assert device.name not in message.text


def passkey_id(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalars(db.select(Passkey.id)).one())


def test_passkey_logs_in(app: Flask, device: PasskeyDevice, client: SiteClient) -> None:
    other = SiteClient(app)

    page = device.log_in(other)

    assert page.path == "/"
    assert is_logged_in(other)
    assert "last used" in client.open(PAGE).text
    with app.app_context():
        factors = db.session.scalars(db.select(LoginSession.second_factor)).all()
    assert sorted(factors) == [False, True]


def test_next_and_remember_me_survive(app: Flask, device: PasskeyDevice) -> None:
    other = SiteClient(app)

    page = device.log_in(other, "/auth/login?next=/edit-profile", remember_me="y")

    assert page.path == "/edit-profile"
    other.client.delete_cookie("session")
    assert is_logged_in(other)


def test_passkey_is_a_second_factor(
    app: Flask, ann: UserData, device: PasskeyDevice, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, ann)
    other = SiteClient(app)
    page = try_to_log_in(other, ann.email)
    assert len(options_of(page)["allowCredentials"]) == 1

    page = other.send(page, {"credential": device.get(options_of(page))}, LOGIN)

    assert page.path == "/"
    assert is_logged_in(other)


def test_user_can_have_several(app: Flask, device: PasskeyDevice, client: SiteClient) -> None:
    tablet = PasskeyDevice("Tablet")
    page = client.open(ADD)
    assert len(options_of(page)["excludeCredentials"]) == 1

    page = tablet.add_to(client)

    assert "The passkey has been added." in page.text
    assert "Phone" in page.text
    assert "Tablet" in page.text
    for each in (device, tablet):
        assert each.log_in(SiteClient(app)).path == "/"


def test_number_of_passkeys_is_limited(
    app: Flask, device: PasskeyDevice, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Passkey, "MAX_PER_USER", 1)

    assert "too many passkeys" in PasskeyDevice().add_to(client).text
    assert count_rows(app, Passkey) == 1


def test_passkey_can_be_renamed_and_removed(
    app: Flask, device: PasskeyDevice, client: SiteClient
) -> None:
    path = f"{PAGE}/{passkey_id(app)}"
    assert "This field is required" in client.submit(path, {"name": " "}, path).text
    assert "Blue <b>" in client.submit(path, {"name": "Blue <b>"}, path).text

    page = client.submit(path, action=f"{path}/removal")

    assert "The passkey has been removed." in page.text
    assert count_rows(app, Passkey) == 0
    assert NOT_ACCEPTED in device.log_in(SiteClient(app)).text


def test_passkeys_of_others_are_out_of_reach(
    app: Flask, make: Factory, device: PasskeyDevice
) -> None:
    eve, path = SiteClient(app).log_in(make.user("eve")), f"{PAGE}/{passkey_id(app)}"

    assert eve.open(path).status == 404
    assert eve.post(path, name="Mine").status == 404
    eve.post(f"{path}/removal")

    assert "Phone" not in eve.open(PAGE).text
    assert count_rows(app, Passkey) == 1


def test_passkey_of_a_recorded_response_is_not_added_to_another_account(
    app: Flask, make: Factory, ann: UserData, client: SiteClient
) -> None:
    response = PasskeyDevice().create(options_of(client.open(ADD)))
    eve = SiteClient(app).log_in(make.user("eve"))

    page = eve.submit(ADD, {"name": "Phone", "credential": response})

    assert NOT_ACCEPTED in page.text
    assert count_rows(app, Passkey) == 0


def test_passkey_is_not_added_twice(
    app: Flask, make: Factory, device: PasskeyDevice, client: SiteClient
) -> None:
    eve = SiteClient(app).log_in(make.user("eve"))
    for other in (client, eve):
        assert NOT_ACCEPTED in device.add_to(other).text

    assert count_rows(app, Passkey) == 1
    other = SiteClient(app)
    device.user_handle = None  # some devices return none
    device.log_in(other)
    assert "ann" in other.open("/").html


MISBEHAVIOR = {
    "another origin": {"origin": "https://evil.example"},
    "the user was not verified": {"flags": PRESENT},
    "the user was absent": {"flags": 0},
    "another user": {"user_handle": "OTk5"},
    "another key": {"key": PasskeyDevice().key},
    "an unknown passkey": {"credential_id": b"x" * 32},
}


@pytest.mark.parametrize("attributes", MISBEHAVIOR.values(), ids=MISBEHAVIOR)
def test_invalid_response_does_not_log_in(
    app: Flask, device: PasskeyDevice, attributes: dict[str, object]
) -> None:
    vars(device).update(attributes)
    other = SiteClient(app)

    page = device.log_in(other, "/auth/login?next=/edit-profile")

    assert NOT_ACCEPTED in page.text
    assert page.path == "/auth/login?next=/edit-profile"
    assert not is_logged_in(other)


@pytest.mark.parametrize("attributes", list(MISBEHAVIOR.values())[:3], ids=list(MISBEHAVIOR)[:3])
def test_invalid_response_adds_no_passkey(
    app: Flask, ann: UserData, client: SiteClient, attributes: dict[str, object]
) -> None:
    device = PasskeyDevice()
    vars(device).update(attributes)

    assert NOT_ACCEPTED in device.add_to(client).text
    assert count_rows(app, Passkey) == 0


MALFORMED = ["", "x", "[]", "{}", '"x"', "1e999", "[" * 5000, "x" * 20_000, "\0", "\ud800"]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_response_is_refused(
    app: Flask, ann: UserData, client: SiteClient, text: str
) -> None:
    text = text.encode("utf-8", "replace").decode()
    page = client.submit(ADD, {"name": "Phone", "credential": text})
    assert page.status in {200, 400}

    assert client.submit("/auth/login", {"credential": text}, LOGIN).status in {200, 400}


def test_broken_parts_of_a_response_are_refused(
    app: Flask, device: PasskeyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", UNLIMITED)
    other = SiteClient(app)
    page = other.open("/auth/login")
    response = json.loads(device.get(options_of(page)))
    values: list[Any] = [None, 1, "", "A", "AAAA", "é", {}, [], "eyJ9", "e30", "bnVsbA"]
    for name in response["response"]:
        for value in values:
            fields = {**response, "response": {**response["response"], name: value}}
            if (name, value) == ("userHandle", None):
                continue
            page = other.send(other.open("/auth/login"), {"credential": json.dumps(fields)}, LOGIN)
            assert (page.status, NOT_ACCEPTED in page.text) == (200, True), (name, value)


def test_challenge_is_accepted_once(app: Flask, device: PasskeyDevice) -> None:
    clients = [SiteClient(app) for _ in range(3)]
    pages = [client.open("/auth/login") for client in clients]
    older, response = (device.get(options_of(page)) for page in pages[:2])

    assert clients[1].send(pages[1], {"credential": response}, LOGIN).path == "/"

    for text in (response, older):
        assert NOT_ACCEPTED in clients[2].send(pages[2], {"credential": text}, LOGIN).text
    assert device.log_in(clients[2]).path == "/"


def test_one_of_concurrent_requests_can_use_a_response(app: Flask, device: PasskeyDevice) -> None:
    clients = [SiteClient(app) for _ in range(4)]
    pages = [client.open("/auth/login") for client in clients]
    response = device.get(options_of(pages[0]))

    results = run_concurrently(
        *[
            lambda client=client, page=page: client.send(page, {"credential": response}, LOGIN)
            for client, page in zip(clients, pages, strict=True)
        ]
    )

    assert sorted(page.path for page in results) == ["/", *["/auth/login"] * 3]


def test_challenge_has_a_purpose_and_expires(
    app: Flask, device: PasskeyDevice, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SiteClient(app)
    page = other.open("/auth/login")
    options = options_of(page)
    for challenge in (options_of(client.open(ADD))["challenge"], "AAAA", ""):
        response = device.get({**options, "challenge": challenge})
        assert NOT_ACCEPTED in other.send(page, {"credential": response}, LOGIN).text
    monkeypatch.setattr("app.models.passkey.CHALLENGE_LIFETIME", 0)

    assert NOT_ACCEPTED in device.log_in(other).text


def test_counter_that_does_not_increase_is_refused(app: Flask, device: PasskeyDevice) -> None:
    device.sign_count = 2**31
    assert device.log_in(SiteClient(app)).path == "/"
    for count, path in ((2**31, "/auth/login"), (1, "/auth/login"), (2**31 + 1, "/")):
        device.sign_count = count
        assert device.log_in(SiteClient(app)).path == path


def test_unconfirmed_user_cannot_log_in(app: Flask, ann: UserData, device: PasskeyDevice) -> None:
    with app.app_context():
        db.session.get_one(User, ann.id).confirmed = False
        db.session.commit()

    assert NOT_ACCEPTED in device.log_in(SiteClient(app)).text


def test_deleted_user_cannot_log_in(
    app: Flask, ann: UserData, device: PasskeyDevice, client: SiteClient
) -> None:
    client.submit("/auth/delete-account", {"password": ann.password})

    assert NOT_ACCEPTED in device.log_in(SiteClient(app)).text
    assert count_rows(app, Passkey) == 0


def test_site_without_a_host_name_offers_no_passkeys(make: Factory) -> None:
    client = make_app(SITE_URL="http://127.0.0.1:5000").test_client()

    assert "data-passkey" not in client.get("/auth/login").text
