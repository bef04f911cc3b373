"""`flask config` shows each setting and its source, and no secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.config import SECRET
from tests.support.app_factory import make_app, make_app_from
from tests.support.project_copy import copy_project
from tests.support.repository import ROOT

KEY = "plantedkey" * 5
VARIABLES = {
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": f"{'plantedold' * 5} {'plantedolder' * 5}",
    "SITE_URL": "https://example.com/",
    "DATABASE_URL": "postgres://user:plantedpassword@host/site",
    "REDIS_URL": "redis://:plantedredis@host:6379/0",
    "MAIL_SERVER": "mail.example.com",
    "MAIL_USERNAME": "ann",
    "MAIL_PASSWORD": "plantedmail",
    "METRICS_TOKEN": "plantedtoken" * 2,
    "MAIL_PORT": "25",
    "HEROKU_RELEASE_VERSION": "v7",
}


def settings(name: str, *arguments: str) -> dict[str, tuple[str, str]]:
    """Return value and origin of each setting that `flask config --json` prints."""
    app = make_app_from(name, **VARIABLES)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in VARIABLES.items():
            patch.setenv(variable, value)
        result = app.test_cli_runner().invoke(args=["config", "--json", *arguments])
    assert result.exit_code == 0, result.output
    return {one["name"]: (one["value"], one["origin"]) for one in json.loads(result.stdout)}


SOURCES = {
    "MAIL_SERVER": ("mail.example.com", "MAIL_SERVER in the environment"),
    "MAIL_PORT": ("25", "MAIL_PORT in the environment"),  # equal to the default
    "MAIL_TIMEOUT": ("10", "Config in config.py"),
    "LOG_FORMAT": ("json", "ProductionConfig in config.py"),
    "TRUSTED_PROXY_COUNT": ("1", "HerokuConfig in config.py"),
    "SESSION_COOKIE_NAME": ("__Host-session", "ProductionConfig in config.py"),  # computed
    "RELEASE": ("v7", "HEROKU_RELEASE_VERSION in the environment"),
    "REDIS_URL": ("redis://:[hidden]@host:6379/0", "REDIS_URL in the environment"),
    "SQLALCHEMY_DATABASE_URI": (
        "postgresql+psycopg2://user:[hidden]@host/site",
        "DATABASE_URL in the environment",
    ),
    "SITE_URL": ("https://example.com", "SITE_URL in the environment"),
    "MAX_FORM_MEMORY_SIZE": ("500000", "Flask or an extension"),
    "SQLALCHEMY_ECHO": ("false", "Flask or an extension"),
    "FLASKY_ADMIN": ("not set", "Config in config.py"),
    "GRAVATAR_ENABLED": ("false", "Config in config.py"),
    "MAIL_PASSWORD": ("set", "MAIL_PASSWORD in the environment"),
}


def test_settings_are_shown_with_their_sources() -> None:
    assert SOURCES.items() <= settings("heroku", *SOURCES).items()


def test_setting_that_the_application_has_changed_is_shown_as_such() -> None:
    name = "SQLALCHEMY_ENGINE_OPTIONS"

    assert settings("production", name)[name][1] == "the application"


def test_file_that_has_the_value_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "port"
    path.write_text("587")

    result = (
        make_app_from("development", MAIL_PORT_FILE=str(path))
        .test_cli_runner()
        .invoke(args=["config", "MAIL_PORT"])
    )

    assert result.stdout.split(maxsplit=2) == ["MAIL_PORT", "587", f"(MAIL_PORT in {path})\n"]


def test_all_settings_are_shown_once_without_secrets() -> None:
    runner = make_app_from("production", **VARIABLES).test_cli_runner()

    lines = runner.invoke(args=["config"]).stdout.splitlines()

    assert lines[0] == "Configuration: ProductionConfig"
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(names) == sorted(runner.app.config)
    for arguments in ([], ["--json"], ["SECRET_KEY", "MAIL_PASSWORD"]):
        assert "planted" not in runner.invoke(args=["config", *arguments]).output


def test_only_long_secrets_have_a_digest() -> None:
    values = settings("production", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "MAIL_PASSWORD")

    assert values["SECRET_KEY"][0] == "set, 50 characters, sha256:7311a7…"
    assert values["SECRET_KEY_FALLBACKS"][0].count("sha256:") == 2
    assert values["MAIL_PASSWORD"][0] == "set"


def test_settings_named_like_secrets_are_hidden() -> None:
    app = make_app(SOME_API_KEY="planted", OTHER_TOKEN="planted", THE_PASSWORD="planted")

    result = app.test_cli_runner().invoke(args=["config"])

    assert "planted" not in result.output
    assert [name for name in app.config if SECRET.search(name) and "COOKIE" in name] == []


def test_environment_variable_selects_its_settings() -> None:
    assert settings("production", "DATABASE_URL").keys() == {"SQLALCHEMY_DATABASE_URI"}
    assert settings("production", "REDIS_URL").keys() == {"REDIS_URL"}


def test_unknown_name_is_an_error() -> None:
    result = make_app().test_cli_runner().invoke(args=["config", "MAIL_SEVER"])

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith("Error: No setting 'MAIL_SEVER'")
    assert line.endswith("List all settings: flask config")


def test_misspelled_variables_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    suggestions = {
        "FLASKY_ADMN": "Did you mean FLASKY_ADMIN?",
        "SECRET_KEYS": "Did you mean SECRET_KEY?",
        "DATABASE_URI": "Did you mean DATABASE_URL?",
        "FLASKY_COLOUR": "FLASKY_COLOUR is set, but is not a setting.",
        "SECRET_KEY_FIEL": "Did you mean SECRET_KEY_FILE?",
    }
    for name in suggestions:
        monkeypatch.setenv(name, "planted")

    result = make_app().test_cli_runner().invoke(args=["config"])

    lines = result.stderr.splitlines()
    for name, suggestion in suggestions.items():
        [line] = [line for line in lines if f"{name} is set" in line]
        assert suggestion in line
    assert "planted" not in result.output


def test_variables_of_other_programs_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "MAIL", "PORT", "FLASK_DEBUG", "WEB_CONCURRENCY", "LANG"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.setenv("FLASKY_EMPTY", "")

    assert make_app().test_cli_runner().invoke(args=["config"]).stderr == ""


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `flask config` in `folder` with only `variables` in the environment."""
    command = [str(Path(sys.executable).parent / "flask"), "--app", "manage.py"]
    return subprocess.run(
        [*command, "config", "MAIL_SERVER", "MAIL_PORT"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "FLASK_CONFIG": "development", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_env_file_and_environment_are_distinguished(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / ".env").write_text("MAIL_SERVER=mail.example.com\nMAIL_PORT=587\n")

    result = run(project, MAIL_PORT="2525")

    assert result.returncode == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "MAIL_SERVER mail.example.com (MAIL_SERVER in .env)" in lines
    assert "MAIL_PORT 2525 (MAIL_PORT in the environment)" in lines


@pytest.mark.slow
def test_invalid_configuration_is_an_error() -> None:
    result = run(ROOT, FLASK_CONFIG="production", MAIL_PORT="x")

    assert result.returncode == 3
    assert "MAIL_PORT is 'x'" in result.stderr
    assert "Traceback" not in result.stderr
