"""`flask config` tells every setting and where it came from, and no secret."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.config import SECRET
from tests.repository import ROOT
from tests.settings import make_app, make_app_from

KEY = "plantedkey" * 5
GOOD = {
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": f"{'plantedold' * 5} {'plantedolder' * 5}",
    "FLASKY_URL": "https://example.com/",
    "DATABASE_URL": "postgres://user:plantedpassword@host/site",
    "REDIS_URL": "redis://:plantedredis@host:6379/0",
    "MAIL_SERVER": "mail.example.com",
    "MAIL_USERNAME": "ann",
    "MAIL_PASSWORD": "plantedmail",
    "FLASKY_MONITOR_TOKEN": "plantedtoken" * 2,
    "MAIL_PORT": "25",
}


def shown(name: str, variables: dict[str, str], *words: str) -> dict[str, tuple[str, str]]:
    """Return value and origin of each setting that `flask config` prints for programs."""
    app = make_app_from(name, **variables)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in variables.items():
            patch.setenv(variable, value)
        result = app.test_cli_runner().invoke(args=["config", "--json", *words])
    assert result.exit_code == 0, result.output
    return {one["name"]: (one["value"], one["origin"]) for one in json.loads(result.stdout)}


ORIGINS = {
    "variable": ("MAIL_SERVER", "mail.example.com", "MAIL_SERVER in the environment"),
    "variable that says the default": ("MAIL_PORT", "25", "MAIL_PORT in the environment"),
    "default": ("MAIL_TIMEOUT", "10", "Config in config.py"),
    "class": ("FLASKY_LOG_FORMAT", "json", "ProductionConfig in config.py"),
    "class for Heroku": ("FLASKY_PROXIES", "1", "HerokuConfig in config.py"),
    "made of a variable": (
        "SESSION_COOKIE_NAME",
        "__Host-session",
        "FLASKY_URL in the environment",
    ),
    "another variable": (
        "QUEUE_URL",
        "redis://:[hidden]@host:6379/0",
        "REDIS_URL in the environment",
    ),
    "database": (
        "SQLALCHEMY_DATABASE_URI",
        "postgresql+psycopg2://user:[hidden]@host/site",
        "DATABASE_URL in the environment",
    ),
    "address": ("FLASKY_URL", "https://example.com", "FLASKY_URL in the environment"),
    "Flask": ("MAX_FORM_PARTS", "1000", "Flask"),
    "extension": ("SQLALCHEMY_ECHO", "false", "Flask or an extension"),
    "nothing": ("FLASKY_ADMIN", "not set", "Config in config.py"),
    "switch": ("FLASKY_GRAVATAR", "false", "Config in config.py"),
    "secret": ("MAIL_PASSWORD", "set", "MAIL_PASSWORD in the environment"),
}


@pytest.mark.parametrize(("name", "value", "origin"), ORIGINS.values(), ids=ORIGINS)
def test_setting_is_shown_with_its_origin(name: str, value: str, origin: str) -> None:
    assert shown("heroku", GOOD, name)[name] == (value, origin)


def test_every_setting_is_shown() -> None:
    app = make_app_from("production", **GOOD)

    result = app.test_cli_runner().invoke(args=["config"])

    assert result.stdout.startswith("The configuration is ProductionConfig.\n")
    told = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")]
    assert sorted(told) == sorted(app.config)


@pytest.mark.parametrize("words", [[], ["--json"], ["SECRET_KEY", "MAIL_PASSWORD"]], ids=str)
def test_no_secret_is_shown(words: list[str]) -> None:
    app = make_app_from("production", **GOOD)

    assert "planted" not in app.test_cli_runner().invoke(args=["config", *words]).output


def test_long_secret_can_be_compared_and_a_short_one_cannot_be_guessed() -> None:
    found = shown("production", GOOD, "SECRET_KEY", "SECRET_KEY_FALLBACKS", "MAIL_PASSWORD")

    assert found["SECRET_KEY"][0] == "set, 50 characters, sha256:7311a7…"
    assert found["SECRET_KEY_FALLBACKS"][0].count("sha256:") == 2
    assert found["MAIL_PASSWORD"][0] == "set"


def test_every_setting_that_is_named_like_a_secret_is_hidden() -> None:
    app = make_app(SOME_API_KEY="planted", OTHER_TOKEN="planted", THE_PASSWORD="planted")

    result = app.test_cli_runner().invoke(args=["config"])

    assert "planted" not in result.output
    assert [name for name in app.config if SECRET.search(name) and "COOKIE" in name] == []


def test_variable_is_as_good_a_name_as_the_setting() -> None:
    assert shown("production", GOOD, "DATABASE_URL").keys() == {"SQLALCHEMY_DATABASE_URI"}
    assert shown("production", GOOD, "REDIS_URL").keys() == {
        "QUEUE_URL",
        "RATELIMIT_STORAGE_URI",
        "REDIS_URL",
    }


def test_unknown_name_is_told_in_one_line() -> None:
    result = make_app().test_cli_runner().invoke(args=["config", "MAIL_SEVER"])

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith("Error: There is no setting 'MAIL_SEVER'")
    assert line.endswith("See all: flask config")


UNREAD = {
    "one letter less": ("FLASKY_ADMN", "Did you mean FLASKY_ADMIN?"),
    "one letter more": ("SECRET_KEYS", "Did you mean SECRET_KEY?"),
    "another word for it": ("DATABASE_URI", "Did you mean DATABASE_URL?"),
    "like nothing else": ("FLASKY_COLOUR", "FLASKY_COLOUR is set, and nothing reads it."),
}


@pytest.mark.parametrize(("name", "told"), UNREAD.values(), ids=UNREAD)
def test_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    monkeypatch.setenv(name, "planted")

    result = make_app().test_cli_runner().invoke(args=["config"])

    assert told in result.stderr
    assert f"{name} is set" in result.stderr
    assert "planted" not in result.output


@pytest.mark.parametrize(
    "name", ["PATH", "MAIL", "PORT", "FLASK_DEBUG", "WEB_CONCURRENCY", "LANG"]
)
def test_variable_of_somebody_else_is_no_misspelt_one(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, os.environ.get(name, "1"))

    assert make_app().test_cli_runner().invoke(args=["config"]).stderr == ""


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `flask config` in `folder`, with nothing but `variables` around it."""
    command = [str(Path(sys.executable).parent / "flask"), "--app", str(ROOT / "manage.py")]
    return subprocess.run(
        [*command, "config", "MAIL_SERVER", "MAIL_PORT"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "FLASK_CONFIG": "development", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_file_is_told_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAIL_SERVER=mail.example.com\nMAIL_PORT=587\n")

    done = run(tmp_path, MAIL_PORT="2525")

    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "MAIL_SERVER mail.example.com (MAIL_SERVER in .env)" in lines
    assert "MAIL_PORT 2525 (MAIL_PORT in the environment)" in lines


def test_configuration_that_cannot_run_is_told_instead(tmp_path: Path) -> None:
    done = run(tmp_path, FLASK_CONFIG="production", MAIL_PORT="x")

    assert done.returncode == 3
    assert "MAIL_PORT is 'x'" in done.stderr
    assert "Traceback" not in done.stderr
