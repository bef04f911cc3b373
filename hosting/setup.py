"""From a bare Debian or Ubuntu to a server that takes `git push`: what root does, once."""

import json
import shlex
from pathlib import Path

from .plan import Plan
from .server.keys import line
from .server.places import App
from .site import free, nginx
from .steps import Step, as_user, digest, file, files, folder, packages

NEEDED = "nginx git python3 python3-venv openssl ufw unattended-upgrades dbus-user-session"
SERVER = Path(__file__).parent / "server"
MAIN = "import sys\n\nfrom server.gate import main\n\nsys.exit(main(sys.argv[1:]))\n"
OWN = ("repo.git", "config", "state", "releases", "venvs", "backups", "redis", ".ssh", ".config",
       "home")  # fmt: skip
WEB = ("run", "static")  # what nginx, too, may enter
SSHD = """# Keys alone; who hangs for half a minute is let go.
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
ClientAliveInterval 10
ClientAliveCountMax 3
"""
JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"
KEEP_JOURNAL = "mkdir -p /var/log/journal; systemctl restart systemd-journald; journalctl --flush"
PSQL = "runuser -u postgres -- psql --no-psqlrc -qAtc"
UPDATES = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'


def steps(plan: Plan) -> list[Step]:
    """Return everything that setup does, in its order."""
    return [
        packages(*NEEDED.split()),
        free(plan),
        *machine(),
        *user(plan),
        *(postgres(plan) if plan.postgres else []),
        *(redis() if plan.redis else []),
        *nginx(plan),
        *app(plan),
    ]


def machine() -> list[Step]:
    """Close what is open, keep it up to date, keep the log."""
    ports = "$(sshd -T | sed -n 's/^port //p')"
    return [
        file("/etc/ssh/sshd_config.d/10-hosting.conf", SSHD, then="sshd -t; systemctl reload ssh"),
        file("/etc/apt/apt.conf.d/20auto-upgrades", UPDATES),
        file("/etc/systemd/journald.conf.d/hosting.conf", JOURNAL, then=KEEP_JOURNAL),
        Step(
            "firewall: ssh, http and https alone",
            "ufw status | grep -q '^Status: active' && ufw status | grep -q '^80,443/tcp'",
            f"for port in {ports}; do ufw allow $port/tcp; done; ufw allow 80,443/tcp; "
            "ufw --force enable",
        ),
    ]


def user(plan: Plan) -> list[Step]:
    """The user whose the app is: no password, its own services, and one door for each key."""
    own = f"{plan.app}:{plan.app}"
    bus = f"test -S /run/user/$(id -u {plan.app})/bus"
    keys = f"{plan.root}/.ssh/authorized_keys"
    entry = line(App(Path(plan.root)), plan.key_name, plan.key).strip()
    return [
        Step(
            f"user {plan.app}",
            f"id {plan.app}",
            f"useradd --home-dir {plan.root} -M --user-group --shell /bin/sh {plan.app}",
        ),
        folder(plan.root, "711", "root:root"),
        *(folder(f"{plan.root}/{name}", "700", own) for name in OWN),
        *(folder(f"{plan.root}/{name}", "2750", f"{plan.app}:www-data") for name in WEB),
        Step(
            f"key {plan.key_name}",
            as_user(plan.app, f"timeout 5 grep -qF {shlex.quote(plan.key)} {keys}"),
            as_user(plan.app, f"umask 077; echo {shlex.quote(entry)} >>{keys}"),
        ),
        Step(
            "services of its own, from boot on",
            f"test -e /var/lib/systemd/linger/{plan.app} && {bus}",
            f"loginctl enable-linger {plan.app}; "
            f"for _ in $(seq 100); do {bus} && exit 0; sleep 0.1; done; exit 1",
        ),
    ]


def postgres(plan: Plan) -> list[Step]:
    """A database that this user alone may open, without a password."""
    is_there = f"{PSQL} 'SELECT datname FROM pg_database' | grep -qx {plan.app}"
    is_open = f"{PSQL} 'SELECT datname FROM pg_database WHERE datacl IS NULL'"
    return [
        packages("postgresql"),
        Step(
            f"role {plan.app}",
            f"{PSQL} 'SELECT rolname FROM pg_roles' | grep -qx {plan.app}",
            f"""{PSQL} 'CREATE ROLE "{plan.app}" LOGIN'""",
        ),
        Step(
            f"database {plan.app}",
            is_there,
            f"""{PSQL} 'CREATE DATABASE "{plan.app}" OWNER "{plan.app}"'""",
        ),
        Step(
            "no one else opens it",
            f"{is_there} && ! {is_open} | grep -qx {plan.app}",
            f"""{PSQL} 'REVOKE CONNECT ON DATABASE "{plan.app}" FROM PUBLIC'""",
        ),
    ]


def redis() -> list[Step]:
    """Redis, of which each app runs one of its own; the one for everybody is off."""
    return [
        packages("redis-server"),
        Step(
            "no Redis for everybody",
            "! systemctl is-enabled redis-server",
            "systemctl disable --now redis-server",
        ),
    ]


def app(plan: Plan) -> list[Step]:
    """What runs as the app's user: shipped, and told to make itself at home."""
    site = json.dumps({"domain": plan.domain, "variables": plan.variables()})
    parts = [path for path in sorted(SERVER.rglob("*.*")) if path.suffix != ".pyc"]
    package = {f"server/{path.relative_to(SERVER)}": path.read_text() for path in parts}
    package["__main__.py"] = MAIN
    init = f"env XDG_RUNTIME_DIR=/run/user/$(id -u) python3 -I {plan.root}/hosting init"
    at_home = f"{plan.root}/state/at-home"
    mark = digest([site, *package.values()])
    before = f"/var/backups/{plan.app}"
    return [
        file(f"{plan.root}/site.json", site, "640", f"root:{plan.app}"),
        files(f"{plan.root}/hosting", package),
        Step(
            "backups of an app of that name, if there was one",
            f"! test -d {before}",
            f"cp -a {before}/. {plan.root}/backups/; chown -R {plan.app}: {plan.root}/backups; "
            f"chmod 700 {plan.root}/backups; rm -r {before}",
        ),
        Step(
            f"{plan.app} is at home",
            as_user(plan.app, f'[ "$(timeout 5 cat {at_home})" = {mark} ]'),
            as_user(plan.app, f"{init}; echo {mark} >{at_home}"),
        ),
    ]
