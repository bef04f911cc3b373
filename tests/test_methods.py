"""Opening an address changes nothing, and nothing is changed without a token against forgery."""

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from .addresses import ADDRESSES, PAGE, Address
from .cast import Stage
from .factories import Factory
from .reader import Page, Reader
from .rows import every_row

pytestmark = pytest.mark.slow

OPENED = [address for address in ADDRESSES if address.method == "GET"]
SENT = [address for address in ADDRESSES if address.method == "POST"]


@pytest.mark.parametrize("kind", ["author", "administrator"])
@pytest.mark.parametrize("address", OPENED, ids=str)
def test_opening_an_address_changes_no_row(
    app: Flask, stage: Stage, address: Address, kind: str
) -> None:
    client, _token = stage.enter(kind)
    before = every_row(app)

    for method in ("GET", "HEAD", "OPTIONS"):
        client.open(stage.cast.path(address), method=method).close()

    assert every_row(app) == before


@pytest.mark.parametrize("token", [None, "", "made up"], ids=["none", "empty", "made up"])
@pytest.mark.parametrize("address", SENT, ids=str)
def test_form_without_a_token_is_refused(
    app: Flask, stage: Stage, address: Address, token: str | None
) -> None:
    cast = stage.cast
    client, _token = stage.enter("administrator")
    fields = cast.fields(address) | ({"csrf_token": token} if token is not None else {})
    before = every_row(app)

    answer = client.post(cast.path(address), data=fields)

    page = Page(cast.path(address), answer)
    assert page.status == 400
    assert "The form has expired, or was not sent from this site" in page.text
    assert "/" in page.links
    assert every_row(app) == before


def test_form_that_was_open_for_a_day_can_be_sent(
    make: Factory, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reader.log_in(make.user()).open("/")
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now(signer) + 24 * 3600)

    assert "Thought over for a day" in reader.send(page, {"body": "Thought over for a day"}).text


def test_token_of_another_browser_is_refused(stage: Stage) -> None:
    _client, stolen = stage.enter("user")
    client, _token = stage.enter("author")

    answer = client.post("/", data={"body": "x", "csrf_token": stolen})

    assert answer.status_code == 400


# What a stranger can open, but for the pages that are forms: these need a cookie.
READABLE = [
    address.path
    for address in OPENED
    if address.outcomes["anonymous"] == PAGE
    and not address.endpoint.startswith("auth.")
    and address.endpoint != "main.preferences"
]


@pytest.mark.parametrize(
    "path", [*READABLE, "/nowhere", "/user/nobody", "/post/4711", "/follow/x"]
)
def test_stranger_who_reads_gets_no_cookie(app: Flask, stage: Stage, path: str) -> None:
    stage.enter("administrator")  # whose rows there are, and whose cookies the stranger lacks

    with app.test_client().get(path.format(**stage.cast.values)) as answer:
        assert answer.headers.getlist("Set-Cookie") == []
