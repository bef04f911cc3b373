"""app.json: what Heroku and Dokku set up."""

import json
import subprocess
from typing import Any

import pytest
from flask import Flask

from app.cli import COMMANDS
from tests.platforms.paas.heroku_cli import NODE, HerokuCli
from tests.platforms.paas.slug import processes_of
from tests.support.app_factory import settings_from
from tests.support.environment_variables import environment_variables
from tests.support.repository import ROOT

APP: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
DOKKU_KEYS = {"healthchecks"}  # Heroku ignores them
GENERATED = "f" * 64  # the format of a generated value
MIN_CONNECTIONS = 20  # the connection limit of the smallest database
RESERVED = 5  # of these: for the release phase, health checks and an operator

VALIDATE = """
const Ajv = require("ajv").default;
const validate = new Ajv({ validateFormats: false }).compile(require(process.argv[1]));
validate(JSON.parse(process.argv[2]));
console.log(JSON.stringify(validate.errors || []));
"""


def errors_in(app: dict[str, Any], cli: HerokuCli) -> list[dict[str, Any]]:
    """Return the errors of `app` by Heroku's schema, which the CLI contains."""
    schema = cli.packages / "@heroku/mcp-server/dist/utils/app-json.schema.json"
    command = [str(NODE), "-e", VALIDATE, str(schema), json.dumps(app)]
    done = subprocess.run(command, cwd=cli.packages, capture_output=True, text=True, check=True)
    errors: list[dict[str, Any]] = json.loads(done.stdout)
    return errors


@pytest.mark.slow
@pytest.mark.xdist_group("paas")
def test_file_conforms_to_the_schema_of_heroku(cli: HerokuCli) -> None:
    known = {name: value for name, value in APP.items() if name not in DOKKU_KEYS}
    assert errors_in(known, cli) == []
    assert errors_in({**known, "formation": {"web": {}}}, cli)
    assert errors_in(APP, cli)[0]["params"] == {"additionalProperty": "healthchecks"}


def test_every_variable_is_a_setting() -> None:
    assert set(APP["env"]) <= environment_variables()


def test_every_variable_has_a_description() -> None:
    for name, entry in APP["env"].items():
        assert entry["description"].endswith((".", ">", ")")), name


def test_secret_key_is_generated() -> None:
    assert APP["env"]["SECRET_KEY"]["generator"] == "secret"


def test_site_starts_with_its_defaults_and_the_required_variables() -> None:
    given = {name: entry["value"] for name, entry in APP["env"].items() if "value" in entry}
    asked = {name for name, entry in APP["env"].items() if entry.get("required")}
    answers = {"SITE_URL": "https://www.example.com", "FLASKY_ADMIN": "you@example.com"}
    added = {"DATABASE_URL": "postgres://u:p@host/d", "REDIS_URL": "rediss://:p@host:1"}
    assert asked == set(answers)
    around = {"DYNO": "web.1", "SECRET_KEY": GENERATED, **given, **answers, **added}
    assert settings_from(given["FLASK_CONFIG"], **around).validation_errors() == []


def test_formation_has_the_processes_of_the_procfile_and_redis() -> None:
    assert set(APP["formation"]) <= set(processes_of(ROOT))
    redis = [plan for plan in APP["addons"] if plan.startswith("heroku-redis")]
    assert len(redis) == APP["formation"]["worker"]["quantity"]


def test_smallest_database_has_enough_connections() -> None:
    value = {name: int(APP["env"][name]["value"]) for name in APP["env"] if "POOL" in name}
    each = sum(value.values())
    web = int(APP["env"]["WEB_CONCURRENCY"]["value"]) * APP["formation"]["web"]["quantity"]
    assert (web + APP["formation"]["worker"]["quantity"]) * each + RESERVED <= MIN_CONNECTIONS


def test_every_thread_has_a_connection() -> None:
    threads = int(APP["env"]["WEB_THREADS"]["value"])
    assert threads <= int(APP["env"]["DATABASE_POOL_SIZE"]["value"])


def test_health_check_path_exists(app: Flask) -> None:
    [check] = APP["healthchecks"]["web"]
    assert app.test_client().get(check["path"]).status_code == 200


def test_commands_exist() -> None:
    commands = [*APP["scripts"].values(), *processes_of(ROOT).values()]
    for command in commands:
        program, word, *_ = command.replace("--app manage ", "").split()
        assert program == "gunicorn" or word in COMMANDS, command
