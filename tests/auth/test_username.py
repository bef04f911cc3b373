"""Changing the username."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import FormerUsername, User
from tests.auth.actions import is_logged_in, register
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import Page, SiteClient
from tests.support.interleaving import while_hashing
from tests.support.rows import count_rows, user_column

PAGE = "/auth/change-username"


def change(client: SiteClient, username: str, password: str = PASSWORD) -> Page:
    return client.submit(PAGE, {"username": username, "password": password})


@pytest.mark.both_databases
def test_old_profile_redirects_to_the_new_one(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user("ann")
    make.post(ann, "Hello")

    page = change(client.log_in(ann), "anna")

    assert page.path == "/auth/account"
    assert "Your username has been changed." in page.text
    assert is_logged_in(client)
    response = app.test_client().get("/user/Ann")
    assert (response.status_code, response.headers["Location"]) == (302, "/user/anna")
    assert "Hello" in SiteClient(app).open("/user/ann").text
    assert "Username changed: ann → anna" in client.open("/auth/security-log").text


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("BOB", PASSWORD, "This username is taken"),
        ("wanted", PASSWORD, "This username is taken"),
        ("formerly", PASSWORD, "This username is taken"),
        ("2 ann", PASSWORD, "Use letters, digits, dots and underscores"),
        ("", PASSWORD, "This field is required"),
        ("x" * 65, PASSWORD, "Use at most 64 characters"),
        ("anna", "wrong", "Incorrect password"),
    ],
)
def test_invalid_form_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, username: str, password: str, error: str
) -> None:
    ann, bob = make.user("ann"), make.user("formerly")
    change(SiteClient(app).log_in(bob), "bob")
    register(SiteClient(app), username="wanted")

    page = change(client.log_in(ann), username, password)

    assert (page.status, page.path) == (200, PAGE)
    assert error in page.text
    assert user_column(app, ann, "username") == "ann"


def test_old_name_cannot_be_registered(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    change(client.log_in(ann), "anna")

    assert "This username is taken" in register(SiteClient(app), username="ANN").text

    assert change(client, "ann").path == "/auth/account"
    assert user_column(app, ann, "username") == "ann"


def test_number_of_changes_is_limited(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    client.log_in(ann)
    for number in range(FormerUsername.MAX_PER_USER):
        assert change(client, f"ann{number}").path == "/auth/account"

    page = change(client, "another")

    assert "You have changed your username too often." in page.text
    assert page.form_with({"username"}).fields["username"] == "another"
    assert user_column(app, ann, "username") == "ann2"


def test_deleted_account_does_not_reserve_names(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    change(client.log_in(make.user("ann")), "anna")

    client.submit("/auth/delete-account", {"password": PASSWORD})

    assert client.open("/user/ann").status == 404
    assert count_rows(app, FormerUsername) == 0
    assert register(client, username="ann").path == "/auth/unconfirmed"


def test_hidden_account_is_not_revealed_by_a_former_name(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user("ann")
    change(client.log_in(ann), "anna")
    with app.app_context():
        db.session.get_one(User, ann.id).confirmed = False
        db.session.commit()

    assert SiteClient(app).open("/user/ann").status == 404


@pytest.mark.both_databases
def test_name_that_is_taken_during_the_request_is_refused(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    others = SiteClient(app).log_in(bob)
    form = client.log_in(ann).open(PAGE)

    with while_hashing(lambda: change(others, "wanted")):
        page = client.send(form, {"username": "Wanted", "password": PASSWORD})

    assert "This username is taken" in page.text
    assert user_column(app, ann, "username") == "ann"
    assert user_column(app, bob, "username") == "wanted"


def test_name_of_another_account_wins_over_a_former_one(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    change(client.log_in(make.user("ann")), "anna")
    make.user("ann", email="second@example.com")  # as by a race, or a command

    assert SiteClient(app).open("/user/ann").path == "/user/ann"
