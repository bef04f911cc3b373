"""The routes of the Heroku Platform API that docs/deploying/paas.md uses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.platforms.paas.app_platform import DOMAIN, App, Platform, Release
from tests.platforms.paas.router import Endpoints

WHEN = "2026-01-02T03:04:05Z"
ACCOUNT = {"id": "1", "email": "you@example.com"}
Answer = Any


class Missing(Exception):
    """The resource does not exist."""


@dataclass(frozen=True)
class Heroku:
    """The platform and its endpoints."""

    platform: Platform
    endpoints: Endpoints
    url: str

    @property
    def app(self) -> App:
        """The app."""
        if self.platform.app is None:
            raise Missing("app")
        return self.platform.app


@dataclass(frozen=True)
class Call:
    """A request: the parts of its path, and its body."""

    words: tuple[str, ...]
    body: Any


def create(heroku: Heroku, call: Call) -> Answer:
    heroku.platform.create(call.body["name"])
    return show_app(heroku, call)


def show_app(heroku: Heroku, _asked: Call) -> Answer:
    name = heroku.app.name
    return {
        "id": "3",
        "name": name,
        "web_url": f"https://{DOMAIN}/",
        "git_url": f"https://git.heroku.com/{name}.git",
        "owner": ACCOUNT,
        "region": {"name": "us"},
        "stack": {"name": "heroku-24"},
        "build_stack": {"name": "heroku-24"},
        "generation": {"name": "cedar"},
        "create_status": "complete",
        "maintenance": heroku.app.in_maintenance,
        "acm": False,
        "repo_size": 0,
        "slug_size": 0,
    }


def change_app(heroku: Heroku, call: Call) -> Answer:
    heroku.app.in_maintenance = call.body["maintenance"]
    return show_app(heroku, call)


def destroy_app(heroku: Heroku, _asked: Call) -> Answer:
    heroku.platform.destroy()
    return {}


def show_variables(heroku: Heroku, _asked: Call) -> Answer:
    return heroku.app.current.variables


def set_variables(heroku: Heroku, call: Call) -> Answer:
    return heroku.platform.set(call.body).variables


def add(heroku: Heroku, call: Call) -> Answer:
    plan = call.body["plan"]["name"]
    return {
        "id": "2",
        "name": "addon-round-12345",
        "app": {"name": heroku.app.name},
        "addon_service": {"name": plan.partition(":")[0]},
        "plan": {"name": plan, "price": {"cents": 500, "unit": "month"}},
        "state": "provisioned",
        "config_vars": [heroku.platform.add(plan)],
    }


def list_releases(heroku: Heroku, _asked: Call) -> Answer:
    return [release_info(release) for release in reversed(heroku.app.releases)]


def show_release(heroku: Heroku, call: Call) -> Answer:
    return release_info(heroku.app.releases[int(call.words[0]) - 1])


def roll_back(heroku: Heroku, call: Call) -> Answer:
    return release_info(heroku.platform.roll_back(int(call.body["release"])))


def release_info(release: Release) -> Answer:
    return {
        "id": str(release.version),
        "version": release.version,
        "description": release.description,
        "status": "succeeded",
        "eligible_for_rollback": release.slug is not None,
        "user": ACCOUNT,
        "created_at": WHEN,
        "updated_at": WHEN,
        "current": False,
    }


def scale(heroku: Heroku, call: Call) -> Answer:
    for change in call.body["updates"]:
        heroku.platform.scale(change["type"], int(change["quantity"]))
    told = heroku.app.formation.items()
    return [{"type": kind, "quantity": number, "size": "Basic"} for kind, number in told]


def list_dynos(heroku: Heroku, _asked: Call) -> Answer:
    kinds = [kind for kind, number in heroku.app.formation.items() for _ in range(number)]
    return [
        {
            "name": f"{kind}.{number}",
            "type": kind,
            "size": "Basic",
            "state": "up",
            "command": kind,
            "updated_at": WHEN,
        }
        for number, kind in enumerate(kinds, start=1)
    ]


def restart(heroku: Heroku, _asked: Call) -> Answer:
    heroku.platform.stop()
    return {}


def run(heroku: Heroku, call: Call) -> Answer:
    address = heroku.endpoints.attach_url(call.body["command"])
    return {"name": "run.1", "attach_url": address, "size": 0, "state": "starting"}


def create_log_session(heroku: Heroku, call: Call) -> Answer:
    return {"logplex_url": f"{heroku.url}/logs/{call.body['lines']}/{call.body.get('dyno', '')}"}


def read_log(heroku: Heroku, call: Call) -> Answer:
    heroku.platform.start()
    lines = heroku.platform.log()[-int(call.words[0]) :]
    return "retry: 1\n" + "".join(f"data: {WHEN} app[web.1]: {line}\n\n" for line in lines)


def add_domain(heroku: Heroku, call: Call) -> Answer:
    heroku.app.domains.append(call.body["hostname"])
    return {"hostname": call.body["hostname"], "cname": f"x.{DOMAIN}", "status": "none"}


def list_domains(heroku: Heroku, _asked: Call) -> Answer:
    return [{"hostname": name, "cname": f"x.{DOMAIN}"} for name in heroku.app.domains]


def add_drain(heroku: Heroku, call: Call) -> Answer:
    heroku.app.drains.append(call.body["url"])
    return call.body


def show_feature(_heroku: Heroku, call: Call) -> Answer:
    return {"name": call.words[0]}


def enable(heroku: Heroku, call: Call) -> Answer:
    heroku.app.features.add(call.words[0])
    return {"name": call.words[0]}


def show_account(_heroku: Heroku, _asked: Call) -> Answer:
    return ACCOUNT


def find_database(heroku: Heroku, _asked: Call) -> Answer:
    owner = {"name": heroku.app.name}
    plan = {"name": "heroku-postgresql:essential-0"}
    addon = {"id": "2", "name": "postgresql-round-12345", "app": owner, "plan": plan}
    found = {"name": "DATABASE", "app": owner, "addon": addon, "config_vars": ["DATABASE_URL"]}
    return [{"id": "4", "namespace": None, **found}]


def show_database(_heroku: Heroku, _asked: Call) -> Answer:
    return {"info": []}


def back_up(_heroku: Heroku, _asked: Call) -> Answer:
    return {"uuid": "5", "num": 1, "from_name": "DATABASE", "from_type": "pg_dump"}


def show_backup(heroku: Heroku, call: Call) -> Answer:
    done = {"succeeded": True, "finished_at": WHEN, "to_type": "gof3r", "logs": []}
    return back_up(heroku, call) | done


def nothing(_heroku: Heroku, _asked: Call) -> Answer:
    return []


def absent(_heroku: Heroku, call: Call) -> Answer:
    raise Missing(" ".join(call.words))


def build(heroku: Heroku, call: Call) -> Answer:
    return heroku.platform.push(call.body)


Do = Callable[[Heroku, Call], Answer]
APP = "/apps/[^/]+"
ROUTES: list[tuple[str, str, Do]] = [
    ("GET", "/account", show_account),
    ("GET", "/account/features/([^/]+)", absent),
    ("POST", "/apps", create),
    ("GET", APP, show_app),
    ("PATCH", APP, change_app),
    ("DELETE", APP, destroy_app),
    ("GET", f"{APP}/config-vars", show_variables),
    ("PATCH", f"{APP}/config-vars", set_variables),
    ("GET", f"{APP}/addons", nothing),
    ("POST", f"{APP}/addons", add),
    ("GET", f"{APP}/collaborators", nothing),
    ("GET", f"{APP}/pipeline-couplings", absent),
    ("GET", f"{APP}/releases", list_releases),
    ("GET", f"{APP}/releases/([0-9]+)", show_release),
    ("POST", f"{APP}/releases", roll_back),
    ("PATCH", f"{APP}/formation", scale),
    ("GET", f"{APP}/dynos", list_dynos),
    ("POST", f"{APP}/dynos", run),
    ("DELETE", f"{APP}/dynos", restart),
    ("POST", f"{APP}/log-sessions", create_log_session),
    ("GET", "/logs/([0-9]+)/(.*)", read_log),
    ("GET", f"{APP}/sni-endpoints", nothing),
    ("GET", f"{APP}/domains", list_domains),
    ("POST", f"{APP}/domains", add_domain),
    ("POST", f"{APP}/acm", nothing),
    ("POST", f"{APP}/log-drains", add_drain),
    ("GET", f"{APP}/features/([^/]+)", show_feature),
    ("PATCH", f"{APP}/features/([^/]+)", enable),
    ("POST", "/actions/addon-attachments/resolve", find_database),
    ("GET", "/client/v11/databases/2", show_database),
    ("POST", "/client/v11/databases/2/backups", back_up),
    ("GET", f"/client/v11{APP}/transfers/5", show_backup),
    ("POST", "/client/v11/databases/2/transfer-schedules", nothing),
    ("POST", "/builds", build),  # call by the hook of the repository, not by the command line
]
