"""app.json: what Heroku sets up by itself, and what Dokku reads of it."""

import json
import subprocess
from typing import Any

import pytest
from flask import Flask

from app.cli import COMMANDS
from tests.paas.heroku_cli import NODE, HerokuCli
from tests.paas.slug import processes_of
from tests.repository import ROOT
from tests.settings import settings_from
from tests.test_docs import variables

APP: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
DOKKUS_OWN = {"healthchecks"}  # Heroku does not know it, and reads over it
GENERATED = "f" * 64  # what Heroku generates looks like this
SMALLEST_DATABASE = 20  # connections that it allows to all dynos together
ASIDE = 5  # of these: a release's, the probes' and one for an operator

VALIDATE = """
const Ajv = require("ajv").default;
const validate = new Ajv({ validateFormats: false }).compile(require(process.argv[1]));
validate(JSON.parse(process.argv[2]));
console.log(JSON.stringify(validate.errors || []));
"""


def errors_in(app: dict[str, Any], cli: HerokuCli) -> list[dict[str, Any]]:
    """Return what Heroku's own schema, which comes with its command line, has against `app`."""
    schema = cli.packages / "@heroku/mcp-server/dist/utils/app-json.schema.json"
    command = [str(NODE), "-e", VALIDATE, str(schema), json.dumps(app)]
    done = subprocess.run(command, cwd=cli.packages, capture_output=True, text=True, check=True)
    errors: list[dict[str, Any]] = json.loads(done.stdout)
    return errors


@pytest.mark.slow
@pytest.mark.xdist_group("paas")
def test_heroku_own_schema_has_nothing_against_it(cli: HerokuCli) -> None:
    known = {name: value for name, value in APP.items() if name not in DOKKUS_OWN}
    assert errors_in(known, cli) == []
    assert errors_in({**known, "formation": {"web": {}}}, cli)
    assert errors_in(APP, cli)[0]["params"] == {"additionalProperty": "healthchecks"}


def test_it_names_only_variables_that_are_read() -> None:
    assert set(APP["env"]) <= variables()


def test_every_variable_is_explained() -> None:
    for name, entry in APP["env"].items():
        assert entry["description"].endswith((".", ">", ")")), name


def test_secret_key_is_generated() -> None:
    assert APP["env"]["SECRET_KEY"]["generator"] == "secret"


def test_site_starts_with_it_and_what_must_be_answered() -> None:
    given = {name: entry["value"] for name, entry in APP["env"].items() if "value" in entry}
    asked = {name for name, entry in APP["env"].items() if entry.get("required")}
    answers = {"FLASKY_URL": "https://www.example.com", "FLASKY_ADMIN": "you@example.com"}
    added = {"DATABASE_URL": "postgres://u:p@host/d", "REDIS_URL": "rediss://:p@host:1"}
    assert asked == set(answers)
    around = {"DYNO": "web.1", "SECRET_KEY": GENERATED, **given, **answers, **added}
    assert settings_from(given["FLASK_CONFIG"], **around).problems() == []


def test_every_process_of_it_is_in_the_procfile_and_a_worker_comes_with_redis() -> None:
    assert set(APP["formation"]) <= set(processes_of(ROOT))
    redis = [plan for plan in APP["addons"] if plan.startswith("heroku-redis")]
    assert len(redis) == APP["formation"]["worker"]["quantity"]


def test_smallest_database_has_connections_enough() -> None:
    value = {name: int(APP["env"][name]["value"]) for name in APP["env"] if "POOL" in name}
    each = sum(value.values())
    web = int(APP["env"]["WEB_CONCURRENCY"]["value"]) * APP["formation"]["web"]["quantity"]
    assert (web + APP["formation"]["worker"]["quantity"]) * each + ASIDE <= SMALLEST_DATABASE


def test_threads_of_a_process_do_not_wait_for_connections() -> None:
    threads = int(APP["env"]["WEB_THREADS"]["value"])
    assert threads <= int(APP["env"]["DATABASE_POOL_SIZE"]["value"])


def test_health_check_asks_a_page_that_there_is(app: Flask) -> None:
    [check] = APP["healthchecks"]["web"]
    assert app.test_client().get(check["path"]).status_code == 200


def test_commands_that_it_runs_exist() -> None:
    commands = [*APP["scripts"].values(), *processes_of(ROOT).values()]
    names = {command.name for command in COMMANDS}
    for command in commands:
        program, word, *_ = command.split()
        assert program == "gunicorn" or word in names, command
