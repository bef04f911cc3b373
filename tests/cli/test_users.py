"""`flask users`: create, promote, list, delete and prune users."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from app.models import User
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox

CREATE = ["users", "create", "ann@example.com", "ann", "--password", PASSWORD]


def usernames(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(User.username).order_by(User.id)))


def role_of(app: Flask, username: str) -> str:
    with app.app_context():
        user = User.find_by_username(username)
        assert user is not None
        assert user.role is not None
        return user.role.name


@pytest.mark.parametrize("role", ["User", "moderator"])
def test_created_user_has_the_role_and_can_log_in(
    app: Flask, runner: FlaskCliRunner, client: SiteClient, role: str
) -> None:
    result = runner.invoke(args=[*CREATE, "--role", role])

    expected = f"Created user ann ({role.capitalize()}).\n"
    assert (result.exit_code, result.output) == (0, expected)
    assert role_of(app, "ann") == role.capitalize()
    fields = {"email": "ann@example.com", "password": PASSWORD}
    assert client.submit("/auth/login", fields).path == "/"


def test_default_role_is_that_of_a_registration(app: Flask, runner: FlaskCliRunner) -> None:
    runner.invoke(args=CREATE)
    runner.invoke(args=["users", "create", "admin@example.com", "boss", "--password", PASSWORD])

    assert (role_of(app, "ann"), role_of(app, "boss")) == ("User", "Administrator")


def test_password_prompt_is_repeated_and_hidden(app: Flask, runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=CREATE[:-2], input=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert usernames(app) == ["ann"]


INVALID = {
    "email": (["ann", "ann", PASSWORD, "User"], "'ann' is not a valid email address"),
    "username": (["a@example.com", "a b", PASSWORD, "User"], "'a b' is not a valid username"),
    "first letter": (["a@example.com", "1a", PASSWORD, "User"], "starting with a letter"),
    "long name": (["a@example.com", "a" * 65, PASSWORD, "User"], "at most 64"),
    "short password": (["a@example.com", "ann", "short", "User"], "at least 8 characters"),
    "common password": (["a@example.com", "ann", "password1", "User"], "too common"),
    "role": (["a@example.com", "ann", PASSWORD, "King"], "Choose one of User, Moderator"),
    "email in use": (["BOB@example.com", "ann", PASSWORD, "User"], "username exists"),
    "username in use": (["a@example.com", "Bob", PASSWORD, "User"], "username exists"),
}


@pytest.mark.parametrize(("values", "message"), INVALID.values(), ids=INVALID)
def test_invalid_user_is_not_created(
    app: Flask, runner: FlaskCliRunner, make: Factory, values: list[str], message: str
) -> None:
    make.user("bob")
    email, username, password, role = values

    result = runner.invoke(
        args=["users", "create", email, username, "--password", password, "--role", role]
    )

    assert result.exit_code == 1
    assert message in result.output
    assert usernames(app) == ["bob"]


def test_promotion_sets_the_role(app: Flask, runner: FlaskCliRunner, make: Factory) -> None:
    make.user("ann")
    for arguments, role in (([], "Administrator"), (["Moderator"], "Moderator")):
        result = runner.invoke(args=["users", "promote", "ANN", *arguments])

        assert (result.exit_code, result.output) == (0, f"ann now has the role {role}.\n")
        assert role_of(app, "ann") == role


def test_unknown_user_or_role_is_an_error(
    app: Flask, runner: FlaskCliRunner, make: Factory
) -> None:
    make.user("ann")
    for arguments, message in (
        (["promote", "bob"], "User 'bob' not found. See: flask users list"),
        (["promote", "ann", "King"], "Role 'King' not found. Choose one of"),
        (["delete", "bob"], "User 'bob' not found"),
        (["list", "--role", "King"], "Role 'King' not found"),
    ):
        result = runner.invoke(args=["users", *arguments])

        assert (result.exit_code, message in result.output) == (1, True), result.output
    assert role_of(app, "ann") == "User"


def test_list_is_newest_first_and_can_be_filtered(runner: FlaskCliRunner, make: Factory) -> None:
    assert "flask users create" in runner.invoke(args=["users", "list"]).output
    make.user("ann", "Moderator")
    make.user("bob", confirmed=False)

    newest, oldest = runner.invoke(args=["users", "list"]).output.splitlines()
    [moderator] = runner.invoke(args=["users", "list", "--role", "moderator"]).output.splitlines()
    [limited] = runner.invoke(args=["users", "list", "--limit", "1"]).output.splitlines()

    assert newest.endswith("bob  bob@example.com  (User, unconfirmed)")
    assert oldest.endswith("ann  ann@example.com  (Moderator)")
    assert (moderator, limited) == (oldest, newest)


@pytest.mark.parametrize(
    ("arguments", "answer", "is_deleted"),
    [(["--yes"], "", True), ([], "y\n", True), ([], "n\n", False), ([], "\n", False)],
    ids=["--yes", "yes", "no", "Enter"],
)
def test_deletion_needs_confirmation(
    app: Flask,
    runner: FlaskCliRunner,
    make: Factory,
    arguments: list[str],
    answer: str,
    is_deleted: bool,
) -> None:
    make.post(make.user("ann"))
    make.user("bob")

    result = runner.invoke(args=["users", "delete", "ann", *arguments], input=answer)

    assert usernames(app) == (["bob"] if is_deleted else ["ann", "bob"])
    assert ("Deleted user ann." in result.output) is is_deleted
    assert result.exit_code == (not is_deleted)


def test_missing_roles_are_an_error(bare_app: Flask) -> None:
    runner = bare_app.test_cli_runner()
    runner.invoke(args=["db", "upgrade"])

    result = runner.invoke(args=CREATE)

    assert result.exit_code == 1
    assert "Run: flask deploy" in result.output


def test_two_factor_authentication_is_reset(
    app: Flask,
    runner: FlaskCliRunner,
    make: Factory,
    phone: AuthenticatorApp,
    mailbox: Mailbox,
) -> None:
    ann, client = make.user("ann"), SiteClient(app)
    phone.set_up(client.log_in(ann))

    result = runner.invoke(args=["users", "reset-two-factor", "ann"])

    expected = "Turned off two-factor authentication for ann.\n"
    assert (result.exit_code, result.output) == (0, expected)
    assert "Two-factor authentication was turned off" in mailbox.last(ann.email).subject
    assert client.open("/edit-profile").path != "/edit-profile"
    client.log_in(ann)
    result = runner.invoke(args=["users", "reset-two-factor", "ann"])
    assert result.exit_code == 1
    assert "ann does not use two-factor authentication" in result.output
