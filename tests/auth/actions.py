"""Actions on the account pages that several tests share."""

from tests.support.factories import PASSWORD, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox

NEW = "new@example.com"
NEW_PASSWORD = "another long sentence"


def register(
    client: SiteClient, email: str = NEW, username: str = "newcomer", password: str = PASSWORD
) -> Page:
    """Submit the registration form."""
    fields = {"email": email, "username": username, "password": password, "password2": password}
    return client.submit("/auth/register", fields)


def open_link(client: SiteClient, link: str, password: str = PASSWORD) -> Page:
    """Open the link of an email and submit its form, with the password if there is a field."""
    page = client.open(link)
    has_password = "password" in page.form_with(set(), action=page.path).names
    return client.send(page, {"password": password} if has_password else {}, action=page.path)


def follow_email(
    client: SiteClient, mailbox: Mailbox, email: str, password: str = PASSWORD
) -> Page:
    """Open the link of the newest email to `email` and submit its form."""
    return open_link(client, mailbox.last(email).link, password)


def try_to_log_in(client: SiteClient, email: str, password: str = PASSWORD) -> Page:
    """Submit the login form."""
    return client.submit("/auth/login", {"email": email, "password": password})


def is_logged_in(client: SiteClient) -> bool:
    """Return True if the client is logged in."""
    return client.open("/edit-profile").path == "/edit-profile"


def set_password(client: SiteClient, link: str, password: str = NEW_PASSWORD) -> Page:
    """Open a reset link and set a new password."""
    return client.submit(link, {"password": password, "password2": password})


def change_password(client: SiteClient, user: UserData, password: str = NEW_PASSWORD) -> Page:
    """Change the password of a logged-in user."""
    fields = {"old_password": user.password, "password": password, "password2": password}
    return client.submit("/auth/change-password", fields)
