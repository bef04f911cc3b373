"""What browsers do to log in with an OpenID Connect issuer."""

import requests

from tests.auth.actions import is_logged_in
from tests.support.http_client import Page, SiteClient

START, CALLBACK = "/auth/openid", "/auth/openid/callback"
LINKED = "/auth/identity"


def at_issuer(client: SiteClient, start: str = START) -> str:
    """Follow the button to the issuer; return the URL to which it sends the browser back."""
    response = client.client.get(start)
    assert response.status_code == 302, response.text
    reply = requests.get(response.headers["Location"], allow_redirects=False, timeout=60)
    assert reply.status_code == 302, reply.text
    return reply.headers["Location"].removeprefix("http://flasky.example")


def log_in(client: SiteClient, start: str = START) -> Page:
    """Log in at the issuer, and return to the site."""
    return client.open(at_issuer(client, start))


def link(client: SiteClient) -> None:
    """Link the account of the user who is logged in."""
    page = client.send(log_in(client), {}, "/auth/identity/link")
    assert "Example has been linked." in page.text


def log_out(client: SiteClient) -> None:
    client.post("/auth/logout")
    assert not is_logged_in(client)
