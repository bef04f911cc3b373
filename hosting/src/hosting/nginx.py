"""nginx in front of an app; its configuration is in templates/."""

import re
import shlex
from pathlib import Path

from .agent.manifest import Manifest
from .agent.site import FOLDER
from .agent.site import render as render_settings
from .certificates import self_signed
from .machine import RELOAD, read
from .plan import Plan
from .provision import Step, digest, directory, file, files

TEMPLATES = Path(__file__).parent / "templates"
SITES = "/etc/nginx/sites-enabled"
DEFAULT = "/etc/nginx/conf.d/hosting-default.conf"


def steps(plan: Plan) -> list[Step]:
    """Configure nginx and the site, with a self-signed certificate until there is another one."""
    acme = directory("/var/www/acme", "755", "root:root")
    return [
        global_limits(),
        self_signed(plan.app, plan.domain),
        self_signed("default", "unknown.invalid"),
        acme,
        settings(plan),
        file(DEFAULT, render("default.conf", plan)),
        *site(plan),
    ]


def global_limits() -> Step:
    """Raise the limits for connections and for the length of domains."""
    conf, names = "/etc/nginx/nginx.conf", "server_names_hash_bucket_size"
    return Step(
        "nginx limits",
        f"grep -q 'worker_connections 4096;' {conf} && grep -Eq '^\\s*{names}' {conf}",
        f"sed -i -E 's/worker_connections [0-9]+;/worker_connections 4096;/' {conf}; "
        f"grep -Eq '^\\s*{names}' {conf} || sed -i 's/^http {{/&\\n    {names} 512;/' {conf}; "
        f"grep -q rlimit_nofile {conf} || sed -i '1i worker_rlimit_nofile 16384;' {conf}",
    )


def domain_is_free(plan: Plan) -> Step:
    """Fail if another app on the server has the domain."""
    others = f"ls {SITES}/*.conf | grep -vx {SITES}/{plan.app}.conf | xargs -r grep -lE"
    names = "|".join(plan.names).replace(".", "[.]")
    return Step(
        f"domain {plan.domain} is free",
        f"""[ -z "$({others} '^ *server_name( .*)? ({names})[ ;]')" ]""",
        "echo 'Another app on this server has this domain.'; exit 1",
    )


def settings(plan: Plan) -> Step:
    """Write the defaults of the settings that a repository may change; see agent/site.py."""
    path = f"{FOLDER}/{plan.app}"
    text = shlex.quote(render_settings(plan.app, Manifest()))
    return Step(
        f"file {path}.conf",
        f"test -e {path}.conf && test -e {path}.loaded",
        f"mkdir -p -m 755 {FOLDER}; printf %s {text} | tee {path}.conf >{path}.loaded",
    )


def updates(plan: Plan) -> list[Step]:
    """Let root apply the settings of a repository when the agent requests it."""
    unit = f"hosting-nginx@{plan.app}.path"
    return [
        *(file(f"/etc/systemd/system/{name}", read(name), then=RELOAD)
          for name in ("hosting-nginx@.service", "hosting-nginx@.path")),
        Step(
            unit, f"systemctl is-enabled {unit} && systemctl is-active {unit}",
            f"systemctl enable --now {unit}",
        ),
    ]  # fmt: skip


def site(plan: Plan) -> list[Step]:
    """Write the configuration of the site, and reload nginx."""
    conf, default = render("site.conf", plan), render("default.conf", plan)
    names = [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*.*"))]
    included = {
        name: render(name, plan) for name in names if name not in ("site.conf", "default.conf")
    }
    version = digest([conf, default, *included.values()])
    marker = f"/etc/nginx/{plan.app}/.loaded"
    return [
        directory("/var/log/nginx", "750", "root:www-data"),  # other apps must not read the logs
        files(f"/etc/nginx/{plan.app}", included),
        file(f"/etc/nginx/sites-available/{plan.app}.conf", conf),
        Step(
            f"site {plan.app}",
            f"test -L {SITES}/{plan.app}.conf && ! test -e {SITES}/default",
            f"ln -sf ../sites-available/{plan.app}.conf {SITES}/; rm -f {SITES}/default",
        ),
        Step(
            "nginx reload",
            f'[ "$(cat {marker})" = {version} ]',
            f"nginx -t; systemctl reload-or-restart nginx; echo {version} >{marker}",
        ),
    ]


def render(name: str, plan: Plan) -> str:
    """Return a template with the names of an app."""
    values = {
        "app": plan.app,
        "var": plan.app.replace("-", "_"),  # names of variables and zones
        "domain": " ".join(plan.names),
        "root": plan.root,
    }
    text = (TEMPLATES / name).read_text()
    if not plan.ipv6:  # nginx would not start
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    return re.sub("@(app|var|domain|root)@", lambda match: values[match[1]], text)
