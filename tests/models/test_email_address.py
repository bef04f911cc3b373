"""Email addresses are normalized, and invalid ones are refused by every form."""

from collections.abc import Iterator

import pytest

from app.models.email_address import InvalidEmailAddress, normalize, normalize_if_valid
from envconfig.rules import allow_special_domains
from tests.support.app_factory import settings_from
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import reset_rate_limits

NORMALIZED = {
    "ann@example.com": "ann@example.com",
    "Ann@EXAMPLE.com": "ann@example.com",
    " ann@example.com\n": "ann@example.com",
    "ann@\uff45xample.com": "ann@example.com",  # full-width e
    "uwe@müller.de": "uwe@xn--mller-kva.de",
    "uwe@straße.de": "uwe@xn--strae-oqa.de",  # not strasse.de
}
INVALID = {
    "empty": "",
    "no domain": "ann",
    "local part not ASCII": "jürgen@example.com",
    "line break": "ann@example.com\nBcc: all@example.com",
    "two addresses": "ann@example.com,bob@example.com",
    "too long": f"{'a' * 250}@example.com",
    "very long, combining marks": "a" + "\u0315\u0300" * 20_000 + "@a.com",
}


SPECIAL = ("ann@intranet.local", "ann@site.test", "ann@home.arpa", "ann@dev.localhost")
INTERNAL = ("ann@site.internal", "ann@nas.lan", "ann@example.corp")


@pytest.fixture
def special_domains() -> Iterator[None]:
    """Forget the special domains that a test allows."""
    yield
    allow_special_domains([])


@pytest.mark.usefixtures("special_domains")
@pytest.mark.parametrize("text", ["local test arpa localhost", ".LOCAL, .test,arpa, localhost"])
def test_special_domains_are_valid_if_they_are_allowed(text: str) -> None:
    for address in SPECIAL:
        with pytest.raises(InvalidEmailAddress):
            normalize(address)
        assert settings_from("development", FLASKY_ADMIN=address).FLASKY_ADMIN is None
        variables = {"FLASKY_ADMIN": address, "EMAIL_ALLOWED_SPECIAL_DOMAINS": text}

        settings = settings_from("development", **variables)

        assert (settings.validation_errors(), settings.FLASKY_ADMIN) == ([], address)
        assert normalize(address) == address
        with pytest.raises(InvalidEmailAddress):
            normalize("ann@site.onion")
        allow_special_domains([])


@pytest.mark.usefixtures("special_domains")
def test_user_with_an_allowed_special_domain_gets_email(
    client: SiteClient, mailbox: Mailbox
) -> None:
    fields = {"username": "ann", "password": PASSWORD, "password2": PASSWORD}
    for number, (allowed, address) in enumerate((([], SPECIAL[0]), (["local"], SPECIAL[0]))):
        allow_special_domains(allowed)

        client.submit("/auth/register", {"email": address, **fields})

        assert len(mailbox.to(address)) == number


def test_internal_domains_that_are_not_special_are_valid() -> None:
    for address in INTERNAL:
        assert normalize(address) == address


def test_addresses_are_normalized() -> None:
    for address, normalized in NORMALIZED.items():
        assert normalize(address) == normalize(normalized) == normalized


@pytest.mark.parametrize("address", INVALID.values(), ids=INVALID)
def test_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidEmailAddress):
        normalize(address)
    assert normalize_if_valid(f" {address.upper()} ") == address.strip().lower()


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/reset"])
def test_form_explains_an_invalid_address(client: SiteClient, mailbox: Mailbox, path: str) -> None:
    for address in INVALID.values():
        reset_rate_limits()
        page = client.submit(path, {"email": address})

        assert (page.status, page.path) == (200, path)
        assert 'id="email-error"' in page.html
    assert mailbox.received == []


def test_email_is_sent_to_the_registered_domain(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    make.user("uwe", email="uwe@straße.de")

    client.submit("/auth/reset", {"email": "uwe@straße.de"})

    assert [email.recipients for email in mailbox.received] == [["uwe@xn--strae-oqa.de"]]
    assert "reset" in mailbox.received[0].link
