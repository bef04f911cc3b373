"""Rate limits of the account pages."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.auth.actions import NEW, register, try_to_log_in
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.slow

LOGINS, REGISTRATIONS, EMAILS = 20, 10, 5


def request_reset(client: SiteClient, email: str) -> Page:
    return client.submit("/auth/reset", {"email": email})


def sign_up(client: SiteClient, email: str) -> Page:
    return register(client, email, f"u{email.encode().hex()[:60]}")


def request_confirmation(client: SiteClient, email: str) -> Page:
    return client.submit("/auth/unconfirmed", {"email": email}, "/auth/confirm")


def expect_rate_limited(page: Page) -> None:
    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0
    assert "Too many attempts" in page.text
    assert "Try again in" in page.text


def client_at(app: Flask, ip_address: str) -> SiteClient:
    client = SiteClient(app)
    client.client.environ_base["REMOTE_ADDR"] = ip_address
    return client


def test_failed_logins_are_limited(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    for _ in range(LOGINS):
        assert try_to_log_in(client, ann.email, "wrong").status == 200

    expect_rate_limited(try_to_log_in(client, ann.email, "wrong"))
    expect_rate_limited(try_to_log_in(client, ann.email))
    assert try_to_log_in(client_at(app, "192.0.2.7"), ann.email).path == "/"


def test_logins_are_limited_by_ipv6_network(app: Flask) -> None:
    for number in range(LOGINS):
        client = client_at(app, f"2001:db8::{number:x}:1")
        assert try_to_log_in(client, "ann@example.com").status == 200

    expect_rate_limited(try_to_log_in(client_at(app, "2001:db8::ffff"), "ann@example.com"))
    other = client_at(app, "2001:db8:0:1::1")
    assert try_to_log_in(other, "ann@example.com").status == 200


def test_concurrent_logins_are_limited(app: Flask, make: Factory) -> None:
    ann = make.user()
    fields = {"email": ann.email, "password": "wrong"}
    logins = [
        prepared_submission(SiteClient(app), "/auth/login", fields) for _ in range(LOGINS + 8)
    ]

    statuses = [page.status for page in run_concurrently(*logins)]

    assert statuses.count(200) <= LOGINS
    assert set(statuses) == {200, 429}


def test_recipient_limit_and_client_limit_are_separate(app: Flask) -> None:
    for number in range(EMAILS):
        request_reset(client_at(app, f"192.0.2.{number}"), "203.0.113.7")

    assert request_reset(client_at(app, "203.0.113.7"), NEW).status == 200


def test_spellings_of_an_address_share_a_limit(app: Flask, mailbox: Mailbox) -> None:
    spellings = ["ann@example.com", "ANN@EXAMPLE.COM", "ann@\uff45xample.com", " ann@example.com"]
    for number in range(EMAILS * 2):
        request_reset(client_at(app, f"192.0.2.{number}"), spellings[number % len(spellings)])

    assert len(mailbox.to("ann@example.com")) == EMAILS


@pytest.mark.parametrize("address", ["", " ", "@", "ann@", "ann", "a" * 255, "ann@\uffff.com"])
def test_invalid_addresses_are_not_counted_as_recipients(
    app: Flask, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(EMAILS + 1):
        client = client_at(app, f"192.0.2.{number}")
        for page in (request_reset(client, address), register(client, address)):
            assert page.status == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_rate_limited_client_can_open_pages(make: Factory, client: SiteClient) -> None:
    for _ in range(LOGINS + 1):
        try_to_log_in(client, "missing@example.com")

    assert client.open("/auth/login").status == 200
    assert client.open("/").status == 200


def test_registrations_are_limited(app: Flask, client: SiteClient, mailbox: Mailbox) -> None:
    for number in range(REGISTRATIONS):
        page = register(client, f"p{number}@example.com", f"person{number}")
        assert page.path == "/auth/unconfirmed"

    expect_rate_limited(register(client))
    assert mailbox.to(NEW) == []
    assert register(client_at(app, "192.0.2.7")).path == "/auth/unconfirmed"


@pytest.mark.parametrize("request_email", [request_reset, request_confirmation])
def test_emails_per_client_are_limited(
    app: Flask,
    client: SiteClient,
    mailbox: Mailbox,
    request_email: Callable[[SiteClient, str], Page],
) -> None:
    for number in range(EMAILS):
        assert request_email(client, f"p{number}@example.com").status == 200

    expect_rate_limited(request_email(client, "last@example.com"))
    assert mailbox.to("last@example.com") == []
    assert request_email(client_at(app, "192.0.2.7"), "last@example.com").status == 200


@pytest.mark.parametrize(
    "send", [sign_up, request_confirmation, request_reset], ids=["register", "confirm", "reset"]
)
@pytest.mark.parametrize(
    "spelling", ["ann@example.com", "Ann+{}@example.com", " ann+{0}+{0}@example.com"]
)
def test_emails_per_recipient_are_limited(
    app: Flask, mailbox: Mailbox, send: Callable[[SiteClient, str], Page], spelling: str
) -> None:
    for number in range(EMAILS):
        assert send(client_at(app, f"192.0.2.{number}"), spelling.format(number)).status == 200

    sender = client_at(app, "192.0.2.90")
    expect_rate_limited(send(sender, spelling.format("last")))
    assert send(sender, "other@example.com").status == 200
    assert len(mailbox.received) == EMAILS + 1


def test_registration_and_confirmation_share_the_limit_of_a_recipient(
    app: Flask, mailbox: Mailbox
) -> None:
    for number in range(EMAILS):
        send = request_confirmation if number % 2 else register
        send(client_at(app, f"192.0.2.{number}"), NEW)

    expect_rate_limited(register(client_at(app, "192.0.2.91"), NEW))
    expect_rate_limited(request_confirmation(client_at(app, "192.0.2.91"), NEW))
    assert len(mailbox.to(NEW)) == EMAILS


def test_registrations_of_an_address_do_not_prevent_its_password_reset(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    ann = make.user("ann")
    for number in range(EMAILS + 1):
        register(client_at(app, f"192.0.2.{number}"), ann.email, f"person{number}")

    assert request_reset(client_at(app, "192.0.2.90"), ann.email).status == 200
    assert len(mailbox.to(ann.email)) == EMAILS + 1


def change_email(client: SiteClient, email: str) -> Page:
    return client.submit("/auth/change-email", {"email": email, "password": PASSWORD})


def test_email_changes_are_limited_by_account(app: Flask, make: Factory, mailbox: Mailbox) -> None:
    ann = make.user("ann")
    for number in range(EMAILS):
        client = client_at(app, f"192.0.2.{number}").log_in(ann)
        assert change_email(client, f"p{number}@example.com").status == 200

    expect_rate_limited(change_email(client_at(app, "192.0.2.90").log_in(ann), NEW))
    assert mailbox.to(NEW) == []
    assert change_email(client_at(app, "192.0.2.90").log_in(make.user("bob")), NEW).status == 200


def test_email_changes_are_limited_by_recipient(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    clients = [SiteClient(app).log_in(make.user(name)) for name in ("ann", "bob")]
    for number in range(EMAILS):
        assert change_email(clients[number % 2], f"victim+{number}@example.com").status == 200

    expect_rate_limited(change_email(clients[1], "victim+last@example.com"))
    recipients = [message.recipients[0] for message in mailbox.received]
    assert len([email for email in recipients if email.startswith("victim+")]) == EMAILS


def test_anonymous_email_changes_are_not_counted(
    client: SiteClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(EMAILS + 1):
        assert client.post("/auth/change-email", email=NEW).path.startswith("/auth/login")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_pages_and_api_share_the_limit_of_passwords(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user("ann")
    tokens = "/api/v1/tokens/"
    wrong = {"json": {"name": "x"}, "auth": (ann.email, "wrong")}
    for _ in range(LOGINS // 2):
        assert try_to_log_in(client, ann.email, "wrong").status == 200
        assert client.client.post(tokens, **wrong).status_code == 401

    expect_rate_limited(try_to_log_in(client, ann.email))
    assert client.client.post(tokens, **wrong).status_code == 429


def test_password_changes_are_limited(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())
    fields = {"old_password": "wrong", "password": "a long new one", "password2": "a long new one"}
    for _ in range(LOGINS - 1):  # logging in was the first attempt
        assert client.submit("/auth/change-password", fields).status == 200

    expect_rate_limited(client.submit("/auth/change-password", fields))


def test_account_deletions_are_limited(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())
    for _ in range(LOGINS - 1):  # logging in was the first attempt
        assert client.submit("/auth/delete-account", {"password": "wrong"}).status == 200

    expect_rate_limited(client.submit("/auth/delete-account", {"password": "wrong"}))
