"""`flask users`: accounts from the command line, and what it says to bad input."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from app.models import User, utcnow
from tests.factories import PASSWORD, Factory
from tests.reader import Reader

CREATE = ["users", "create", "ann@example.com", "ann", "--password", PASSWORD]


def usernames(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(User.username).order_by(User.id)))


def role_of(app: Flask, username: str) -> str:
    with app.app_context():
        user = User.with_username(username)
        assert user is not None
        assert user.role is not None
        return user.role.name


@pytest.mark.parametrize("role", ["User", "Moderator", "Administrator"])
def test_created_account_has_its_role_and_can_log_in(
    app: Flask, runner: FlaskCliRunner, reader: Reader, role: str
) -> None:
    result = runner.invoke(args=[*CREATE, "--role", role])

    assert (result.exit_code, result.output) == (0, f"Made ann ({role}).\n")
    assert role_of(app, "ann") == role
    fields = {"email": "ann@example.com", "password": PASSWORD}
    assert reader.submit("/auth/login", fields).path == "/"


def test_password_is_asked_for_twice_and_not_shown(app: Flask, runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=CREATE[:-2], input=f"{PASSWORD}\n{PASSWORD}\n")

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert usernames(app) == ["ann"]


BAD = {
    "address": (["ann", "ann", PASSWORD, "User"], "'ann' is not an e-mail address"),
    "username": (["a@example.com", "a b", PASSWORD, "User"], "'a b' cannot be a username"),
    "first letter": (["a@example.com", "1a", PASSWORD, "User"], "beginning with a letter"),
    "long name": (["a@example.com", "a" * 65, PASSWORD, "User"], "at most 64"),
    "short password": (["a@example.com", "ann", "short", "User"], "at least 8 characters"),
    "common password": (["a@example.com", "ann", "password1", "User"], "most common"),
    "role": (["a@example.com", "ann", PASSWORD, "King"], "Choose one of User, Moderator"),
}


@pytest.mark.parametrize(("answers", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_told_and_nothing_is_made(
    app: Flask, runner: FlaskCliRunner, answers: list[str], told: str
) -> None:
    email, username, password, role = answers

    result = runner.invoke(
        args=["users", "create", email, username, "--password", password, "--role", role]
    )

    assert result.exit_code == 1
    assert told in result.output
    assert usernames(app) == []


@pytest.mark.parametrize(
    ("email", "username"),
    [("ANN@example.com", "other"), ("other@example.com", "Ann")],
    ids=["address", "name"],
)
def test_account_in_use_is_not_made_again(
    app: Flask, runner: FlaskCliRunner, make: Factory, email: str, username: str
) -> None:
    make.user("ann")

    result = runner.invoke(args=["users", "create", email, username, "--password", PASSWORD])

    assert result.exit_code == 1
    assert "has an account already" in result.output
    assert usernames(app) == ["ann"]


@pytest.mark.parametrize(
    ("arguments", "role"),
    [([], "Administrator"), (["Moderator"], "Moderator")],
    ids=["without a role", "with a role"],
)
def test_promotion_gives_a_role(
    app: Flask, runner: FlaskCliRunner, make: Factory, arguments: list[str], role: str
) -> None:
    make.user("ann")

    result = runner.invoke(args=["users", "promote", "ANN", *arguments])

    assert (result.exit_code, result.output) == (0, f"ann has the role {role} now.\n")
    assert role_of(app, "ann") == role


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["promote", "bob"], "There is no user 'bob'. See: flask users list"),
        (["promote", "ann", "King"], "There is no role 'King'. Choose one of"),
        (["delete", "bob"], "There is no user 'bob'"),
        (["list", "--role", "King"], "There is no role 'King'"),
    ],
)
def test_unknown_name_is_told(
    app: Flask, runner: FlaskCliRunner, make: Factory, arguments: list[str], told: str
) -> None:
    make.user("ann")

    result = runner.invoke(args=["users", *arguments])

    assert result.exit_code == 1
    assert told in result.output
    assert role_of(app, "ann") == "User"


def test_list_shows_accounts_newest_first(runner: FlaskCliRunner, make: Factory) -> None:
    make.user("ann", "Moderator")
    make.user("bob", confirmed=False)

    newest, oldest = runner.invoke(args=["users", "list"]).output.splitlines()

    assert newest.endswith("bob  bob@example.com  (User, not confirmed)")
    assert oldest.endswith("ann  ann@example.com  (Moderator)")


def test_list_can_be_narrowed(runner: FlaskCliRunner, make: Factory) -> None:
    make.user("ann", "Moderator")
    make.user("bob")
    make.user("cat")

    moderators = runner.invoke(args=["users", "list", "--role", "Moderator"]).output
    one = runner.invoke(args=["users", "list", "--limit", "1"]).output

    assert "ann" in moderators
    assert "bob" not in moderators
    assert len(one.splitlines()) == 1


def test_empty_list_says_what_to_do(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["users", "list"])

    assert "flask users create" in result.output


@pytest.mark.parametrize(
    ("arguments", "answer", "left"),
    [
        (["--yes"], "", ["bob"]),
        ([], "y\n", ["bob"]),
        ([], "n\n", ["ann", "bob"]),
        ([], "\n", ["ann", "bob"]),
    ],
    ids=["--yes", "yes", "no", "Enter"],
)
def test_deletion_is_asked_for_once_more(
    app: Flask,
    runner: FlaskCliRunner,
    make: Factory,
    arguments: list[str],
    answer: str,
    left: list[str],
) -> None:
    make.post(make.user("ann"))
    make.user("bob")

    result = runner.invoke(args=["users", "delete", "ann", *arguments], input=answer)

    assert usernames(app) == left
    assert result.exit_code == ("ann" in left)


def test_roles_that_are_not_there_yet_are_explained(bare_app: Flask) -> None:
    bare = bare_app.test_cli_runner()
    bare.invoke(args=["db", "upgrade"])

    result = bare.invoke(args=CREATE)

    assert result.exit_code == 1
    assert "flask deploy" in result.output


def test_prune_deletes_only_what_nobody_confirmed_or_used(
    app: Flask, runner: FlaskCliRunner, make: Factory
) -> None:
    old = utcnow() - timedelta(days=8)
    long_ago: dict[str, Any] = {"member_since": old, "last_seen": old}
    make.user("forgotten", confirmed=False, **long_ago)
    make.user("recent", confirmed=False)
    make.user("confirmed", **long_ago)
    make.user("seen", confirmed=False, member_since=old)
    make.post(make.user("writer", confirmed=False, **long_ago))
    post = make.post(make.user("host"))
    make.comment(make.user("guest", confirmed=False, **long_ago), post)

    result = runner.invoke(args=["users", "prune"])

    expected = "Deleted 1 registrations that nobody confirmed in 7 days.\n"
    assert (result.exit_code, result.output) == (0, expected)
    assert "forgotten" not in usernames(app)
    assert len(usernames(app)) == 6


@pytest.mark.parametrize(("days", "free"), [(8, True), (6, False)])
def test_prune_frees_the_names_that_were_held_long(
    app: Flask, runner: FlaskCliRunner, make: Factory, days: int, free: bool
) -> None:
    held = utcnow() - timedelta(days=days)
    make.user("ann", held_username="wanted", held_at=held)

    runner.invoke(args=["users", "prune"])

    with app.app_context():
        assert User.username_is_free("Wanted") is free


def test_address_of_the_administrator_becomes_one_from_the_command_line_too(
    app: Flask, runner: FlaskCliRunner
) -> None:
    runner.invoke(args=["users", "create", "admin@example.com", "boss", "--password", PASSWORD])

    assert role_of(app, "boss") == "Administrator"
