"""Addresses are written in one way, and letters go where that says."""

import pytest
from flask import Flask

from app.addresses import AddressError, normalise, normalise_if_valid
from app.models import User

from .factories import Factory
from .mailbox import Mailbox
from .reader import Reader

SAME = {
    "as it is": ("ann@example.com", "ann@example.com"),
    "case": ("Ann@EXAMPLE.com", "ann@example.com"),
    "white space": (" ann@example.com\n", "ann@example.com"),
    "full-width": ("ann@\uff45xample.com", "ann@example.com"),
    "umlaut in the domain": ("uwe@müller.de", "uwe@xn--mller-kva.de"),
    "sharp s is not ss": ("uwe@straße.de", "uwe@xn--strae-oqa.de"),
}
BAD = {
    "nothing": "",
    "no domain": "ann",
    "umlaut in the name": "jürgen@example.com",
    "line break": "ann@example.com\nBcc: all@example.com",
    "two": "ann@example.com,bob@example.com",
    "too long": f"{'a' * 250}@example.com",
    "very long, with marks": "a" + "\u0315\u0300" * 20_000 + "@a.com",
}


@pytest.mark.parametrize(("written", "stored"), SAME.values(), ids=SAME)
def test_address_is_written_in_one_way(written: str, stored: str) -> None:
    assert normalise(written) == stored
    assert normalise(stored) == stored


@pytest.mark.parametrize("address", BAD.values(), ids=BAD)
def test_what_no_letter_can_reach_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        normalise(address)
    assert normalise_if_valid(f" {address.upper()} ") == address.strip().lower()


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/reset"])
@pytest.mark.parametrize("address", BAD.values(), ids=BAD)
def test_form_explains_a_bad_address(
    app: Flask, letters: Mailbox, path: str, address: str
) -> None:
    page = Reader(app).submit(path, {"email": address})

    assert page.status == 200
    assert page.path == path
    assert 'id="email-error"' in page.html
    assert letters.received == []


def test_reset_letter_goes_to_the_domain_that_was_registered(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    make.user("uwe", email="uwe@straße.de")

    reader.submit("/auth/reset", {"email": "uwe@straße.de"})

    assert [letter.recipients for letter in letters.received] == [["uwe@xn--strae-oqa.de"]]
    assert "reset" in letters.received[0].link


def test_people_are_found_however_they_write_their_address(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    with app.app_context():
        for written in ("ANN@example.com", " ann@\uff45xample.com"):
            user = User.with_email(written)
            assert user is not None
            assert user.id == ann.id
