"""`flask tokens`: create, list and revoke API tokens."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from app.models import AccessToken
from tests.support.factories import Factory


def authenticates(app: Flask, secret: str) -> bool:
    with app.app_context():
        return AccessToken.authenticate(secret) is not None


def test_token_is_created_listed_and_revoked(
    app: Flask, make: Factory, runner: FlaskCliRunner
) -> None:
    make.user("ann")
    created = runner.invoke(args=["tokens", "create", "ann", "--name", "\033[2J", "--read-only"])
    secret = created.output.strip()
    with app.app_context():
        found = AccessToken.authenticate(secret)
        assert found is not None
        user, token = found
        assert (user.username, token.read_only) == ("ann", True)
        token.record_use()
        db.session.commit()

    listed = runner.invoke(args=["tokens", "list", "ANN"]).output
    assert listed.startswith(f"{token.id}  ?[2J  (expires 20")
    assert ", last used 20" in listed
    assert listed.endswith(", read-only)\n")
    revoked = runner.invoke(args=["tokens", "revoke", "ann", str(token.id)])
    assert (revoked.exit_code, revoked.output) == (0, "Revoked 1 token of ann.\n")

    assert not authenticates(app, secret)
    assert "Create one" in runner.invoke(args=["tokens", "list", "ann"]).output


def test_number_of_tokens_is_limited(
    make: Factory, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccessToken, "MAX_PER_USER", 1)
    make.user("ann")
    runner.invoke(args=["tokens", "create", "ann"])

    result = runner.invoke(args=["tokens", "create", "ann"])

    assert result.exit_code == 1
    assert "ann has 1 tokens. Revoke one first: flask tokens revoke ann ID" in result.output


def test_all_tokens_are_revoked(app: Flask, make: Factory, runner: FlaskCliRunner) -> None:
    make.user("ann")
    make.user("bob")
    secrets = [
        runner.invoke(args=["tokens", "create", username]).output.strip()
        for username in ("ann", "ann", "bob")
    ]

    revoked = runner.invoke(args=["tokens", "revoke", "ann", "--all"])

    assert (revoked.exit_code, revoked.output) == (0, "Revoked 2 tokens of ann.\n")
    assert [authenticates(app, secret) for secret in secrets] == [False, False, True]
    assert ", last used never)" in runner.invoke(args=["tokens", "list", "bob"]).output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("create unknown", "User 'unknown' not found"),
        ("create unconfirmed", "has not confirmed"),
        ("create ann --days 0", "0 is not in the range"),
        ("list unknown", "User 'unknown' not found"),
        ("revoke ann", "Give the ID of a token"),
        ("revoke ann 7 --all", "Give the ID of a token"),
        ("revoke ann 4711", "ann has no token 4711"),
    ],
)
def test_invalid_arguments_are_errors(
    make: Factory, runner: FlaskCliRunner, arguments: str, message: str
) -> None:
    make.user("ann")
    make.user("unconfirmed", confirmed=False)

    result = runner.invoke(args=["tokens", *arguments.split()])

    assert result.exit_code in {1, 2}
    assert message in result.output


def test_name_has_1_to_64_characters(make: Factory, runner: FlaskCliRunner) -> None:
    make.user("ann")
    for name, code in {" ": 1, "x" * 65: 1, "x" * 64: 0}.items():
        result = runner.invoke(args=["tokens", "create", "ann", "--name", name])

        assert result.exit_code == code
        assert ("1 to 64 characters" in result.output) == bool(code)
