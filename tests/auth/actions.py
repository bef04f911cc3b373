"""What readers do on the pages of their account."""

from tests.factories import PASSWORD, Person
from tests.mailbox import Mailbox
from tests.reader import Page, Reader

NEW = "new@example.com"
NEW_PASSWORD = "another long sentence"


def register(
    reader: Reader, email: str = NEW, username: str = "newcomer", password: str = PASSWORD
) -> Page:
    """Fill in the registration form."""
    fields = {"email": email, "username": username, "password": password, "password2": password}
    return reader.submit("/auth/register", fields)


def press_button(reader: Reader, link: str, password: str = PASSWORD) -> Page:
    """Open the link of a letter and press the button, with the password if it is asked for."""
    page = reader.open(link)
    asked = "password" in page.form_with(set(), action=page.path).names
    return reader.send(page, {"password": password} if asked else {}, action=page.path)


def follow_letter(
    reader: Reader, letters: Mailbox, address: str, password: str = PASSWORD
) -> Page:
    """Open the newest letter to `address` and do what it asks."""
    return press_button(reader, letters.last(address).link, password)


def try_to_log_in(reader: Reader, email: str, password: str = PASSWORD) -> Page:
    """Fill in the login form."""
    return reader.submit("/auth/login", {"email": email, "password": password})


def is_logged_in(reader: Reader) -> bool:
    """Tell whether the site knows who this is."""
    return reader.open("/edit-profile").path == "/edit-profile"


def set_password(reader: Reader, link: str, password: str = NEW_PASSWORD) -> Page:
    """Open the link of a letter about a forgotten password and choose another."""
    return reader.submit(link, {"password": password, "password2": password})


def change_password(reader: Reader, person: Person, password: str = NEW_PASSWORD) -> Page:
    """Change the password of somebody who is logged in."""
    fields = {"old_password": person.password, "password": password, "password2": password}
    return reader.submit("/auth/change-password", fields)
