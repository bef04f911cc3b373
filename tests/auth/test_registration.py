"""Registering and confirming."""

from tests.factories import PASSWORD
from tests.mailbox import Mailbox
from tests.reader import Reader


def register(reader: Reader, email: str = "ann@example.com", username: str = "ann") -> None:
    reader.submit(
        "/auth/register",
        {"email": email, "username": username, "password": PASSWORD, "password2": PASSWORD},
    )


def test_registration_sends_a_link_that_confirms(reader: Reader, letters: Mailbox) -> None:
    register(reader)
    page = reader.open(letters.last("ann@example.com").link)
    page = reader.send(page, {}, action=page.path)
    assert page.path == "/auth/login"
    page = reader.submit("/auth/login", {"email": "ANN@example.com", "password": PASSWORD})
    assert page.path == "/"
