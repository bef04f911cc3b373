"""Who may do what: every address of the site, for every kind of reader."""

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from .addresses import (
    ADDRESSES,
    BAD,
    BUTTON,
    DONE,
    FORBIDDEN,
    HELD,
    LOGIN,
    MISSING,
    PAGE,
    READERS,
    Address,
)
from .cast import Stage
from .reader import REDIRECTS

pytestmark = pytest.mark.slow

STATUSES = {403: FORBIDDEN, 404: MISSING, 405: BUTTON, 400: BAD}


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_address_answers_each_reader_as_the_table_says(stage: Stage, address: Address) -> None:
    assert {kind: tried(stage, address, kind) for kind in READERS} == address.outcomes


def tried(stage: Stage, address: Address, kind: str) -> str:
    """Say what a reader gets who opens the address, or sends the form, before anybody else."""
    client, token = stage.enter(kind)
    fields = {"csrf_token": token, **stage.cast.fields(address)}
    data = fields if address.method == "POST" else {}
    with client.open(stage.cast.path(address), method=address.method, data=data) as answer:
        return outcome(answer, address)


def outcome(answer: Response, address: Address) -> str:
    """Say in a word what the answer means to the reader."""
    if answer.status_code in STATUSES:
        return STATUSES[answer.status_code]
    if answer.status_code not in REDIRECTS:
        assert answer.status_code == 200, answer.status
        return PAGE
    target = answer.headers["Location"].partition("?")[0]
    if target == "/auth/login" and "next=" in answer.headers["Location"]:
        return LOGIN
    if target == "/auth/login" and address.outcomes["anonymous"] == LOGIN:
        return LOGIN
    if target == "/auth/unconfirmed" and not address.endpoint.startswith("auth."):
        return HELD
    return DONE


def test_table_holds_every_address_of_the_site(app: Flask) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("api.")  # programs have a table of their own
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    in_table = {
        (address.endpoint, address.method)
        for address in ADDRESSES
        if address.outcomes["anonymous"] != BUTTON
    }

    assert in_table == routes


def test_table_tries_to_open_whatever_takes_only_buttons(app: Flask) -> None:
    buttons = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" not in (rule.methods or set()) and not rule.endpoint.startswith("api.")
    }
    opened = {address.endpoint for address in ADDRESSES if address.outcomes["anonymous"] == BUTTON}

    assert opened == buttons


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/post/4711"),
        ("POST", "/post/4711"),
        ("GET", "/edit/4711"),
        ("GET", "/comment/4711/deletion"),
        ("POST", "/comment/4711/suspension"),
        ("GET", "/edit-profile/4711"),
        ("GET", "/user/nobody"),
        ("POST", "/follow/nobody"),
        ("GET", "/nowhere"),
    ],
)
def test_what_is_not_there_is_not_found(stage: Stage, method: str, path: str) -> None:
    client, token = stage.enter("administrator")

    answer = client.open(path, method=method, data={"csrf_token": token, "body": "x"})

    assert answer.status_code == 404
