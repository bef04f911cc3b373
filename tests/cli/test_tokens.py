"""`flask tokens`: tokens from the command line."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.api.program import Program
from tests.factories import Factory


def test_token_is_made_listed_and_ended(app: Flask, make: Factory, runner: FlaskCliRunner) -> None:
    make.user("ann")
    made = runner.invoke(args=["tokens", "create", "ann", "--name", "backup", "--read-only"])
    headers = {"Authorization": f"Bearer {made.output.strip()}"}
    used = Program(app).get("/tokens/", headers=headers).get_json()["tokens"][0]

    listed = runner.invoke(args=["tokens", "list", "ann"])
    assert listed.output.startswith(f"{used['id']}  backup  (until 20")
    assert listed.output.endswith(", read-only)\n")
    ended = runner.invoke(args=["tokens", "revoke", "ann", str(used["id"])])
    assert (ended.exit_code, ended.output) == (0, "Ended 1 token of ann.\n")

    assert Program(app).get("/me", headers=headers).status_code == 401
    assert "Make one" in runner.invoke(args=["tokens", "list", "ann"]).output


def test_all_tokens_are_ended(make: Factory, runner: FlaskCliRunner) -> None:
    make.user("ann")
    for _ in range(2):
        runner.invoke(args=["tokens", "create", "ann"])

    ended = runner.invoke(args=["tokens", "revoke", "ann", "--all"])

    assert (ended.exit_code, ended.output) == (0, "Ended 2 tokens of ann.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "nobody"], "There is no user 'nobody'"),
        (["create", "unsure"], "is not confirmed"),
        (["create", "ann", "--name", " "], "1 to 64 characters"),
        (["create", "ann", "--days", "0"], "0 is not in the range"),
        (["list", "nobody"], "There is no user 'nobody'"),
        (["revoke", "ann"], "Say which"),
        (["revoke", "ann", "7", "--all"], "Say which"),
        (["revoke", "ann", "4711"], "ann has no token 4711"),
    ],
)
def test_mistake_is_told_in_a_sentence(
    make: Factory, runner: FlaskCliRunner, words: list[str], told: str
) -> None:
    make.user("ann")
    make.user("unsure", confirmed=False)

    result = runner.invoke(args=["tokens", *words])

    assert result.exit_code != 0
    assert told in result.output
    assert "Traceback" not in result.output
