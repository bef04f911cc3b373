"""The steps of `setup`, run as root: from a bare Debian or Ubuntu to a server for `git push`."""

import json
import shlex
from pathlib import Path

from . import machine, nginx
from .agent.keys import authorized_keys_line
from .agent.paths import BACKUPS, App
from .agent.push import SCRIPT
from .plan import Plan
from .provision import Step, as_user, digest, directory, file, files, packages

PACKAGES = (
    "nginx git python3 python3-venv openssl ufw unattended-upgrades dbus-user-session logrotate "
    "e2fsprogs"
)
AGENT = Path(__file__).parent / "agent"
MAIN = "import sys\n\nfrom agent.dispatch import main\n\nsys.exit(main(sys.argv[1:]))\n"
PRIVATE = ("repo.git", "config", "state", "releases", "venvs", "backups", "postgres", "redis",
           ".config", ".local", "home")  # fmt: skip
SHARED = ("run", "static")  # nginx may read these


def steps(plan: Plan) -> list[Step]:
    """Return all steps in order."""
    return [
        packages(*PACKAGES.split()),
        Step(
            "Python 3.11", "python3 -c 'import tomllib'", "echo 'The server is too old.'; exit 1"
        ),
        nginx.domain_is_free(plan),
        *machine.steps(),
        *user(plan),
        *(postgres() if plan.postgres else []),
        *(redis() if plan.redis else []),
        *nginx.steps(plan),
        *app(plan),
        *nginx.updates(plan),
    ]


def user(plan: Plan) -> list[Step]:
    """Create the app's user, its directories, its first ssh key and its systemd instance."""
    own = f"{plan.app}:{plan.app}"
    bus = f"test -S /run/user/$(id -u {plan.app})/bus"
    backups = f"{BACKUPS}/{plan.app}"
    return [
        Step(
            f"user {plan.app}",
            f"id -nG {plan.app} | grep -qw hosting",
            f"useradd --home-dir {plan.root} -M --user-group --groups hosting --shell /bin/sh "
            f"{plan.app}",
        ),
        directory(plan.root, "711", "root:root"),
        *(directory(f"{plan.root}/{name}", "700", own) for name in PRIVATE),
        *(directory(f"{plan.root}/{name}", "2750", f"{plan.app}:www-data") for name in SHARED),
        Step(
            f"backups of {plan.app}",
            f'[ "$(stat -c "%a %U:%G" {backups})" = "750 root:{plan.app}" ]',
            f"install -d -m 750 {backups}; chgrp -R {plan.app} {backups}",
        ),
        *root_files(plan),
        *machine.sandbox(plan),
        Step(
            f"systemd for {plan.app}, from boot",
            f"test -e /var/lib/systemd/linger/{plan.app} && {bus}",
            # systemd-logind starts it too, but does not wait for it.
            f"loginctl enable-linger {plan.app} && systemctl start user@$(id -u {plan.app})",
        ),
    ]


def root_files(plan: Plan) -> list[Step]:
    """Create the files of the app that belong to root: the ssh keys and the audit log."""
    keys, audit = f"{plan.root}/authorized_keys", f"{plan.root}/audit.jsonl"
    entry = authorized_keys_line(App(Path(plan.root)), plan.key_name, plan.key).strip()
    return [
        Step(
            f"key {plan.key_name}",
            f"grep -qF {shlex.quote(plan.key)} {keys}",
            f"echo {shlex.quote(entry)} >>{keys}; chgrp {plan.app} {keys}; chmod 640 {keys}",
        ),
        # The app's user can append to the audit log, but not change or remove entries.
        Step(
            f"audit log of {plan.app}",
            f"lsattr {audit} | grep -q '^[^ ]*a'",
            f"touch {audit}; chgrp {plan.app} {audit}; chmod 660 {audit}; chattr +a {audit}",
        ),
    ]


def postgres() -> list[Step]:
    """Install PostgreSQL without the shared instance; each app runs its own."""
    common = "/etc/postgresql-common/createcluster.conf"
    return [
        packages("postgresql-common"),
        Step(
            "no shared PostgreSQL",
            f"grep -qx 'create_main_cluster = false' {common}",
            f"echo 'create_main_cluster = false' >>{common}",
        ),
        packages("postgresql"),
    ]


def redis() -> list[Step]:
    """Install Redis and disable the shared instance; each app runs its own."""
    return [
        packages("redis-server"),
        Step(
            "no shared Redis",
            "! systemctl is-enabled redis-server",
            "systemctl disable --now redis-server",
        ),
    ]


def app(plan: Plan) -> list[Step]:
    """Install the agent, and run its `init` as the app's user."""
    facts = {"domain": plan.domain, "memory": plan.memory, "tasks": plan.tasks, "also": plan.also}
    site = json.dumps({**facts, "variables": plan.variables()})
    parts = [path for path in sorted(AGENT.rglob("*.*")) if path.suffix != ".pyc"]
    package = {f"agent/{path.relative_to(AGENT)}": path.read_text() for path in parts}
    package |= {"__main__.py": MAIN, "hooks/proc-receive": SCRIPT}
    init = f"env XDG_RUNTIME_DIR=/run/user/$(id -u) python3 -I {plan.root}/hosting init"
    marker = f"{plan.root}/state/initialized"
    version = digest([site, *package.values()])
    timer = f"hosting-backup@{plan.app}.timer"
    return [
        file(f"{plan.root}/site.json", site, "640", f"root:{plan.app}"),
        # Compiled, since each command starts a Python that cannot write there.
        files(f"{plan.root}/hosting", package, f"python3 -m compileall -q {plan.root}/hosting"),
        Step(
            f"app {plan.app}",
            as_user(plan.app, f'[ "$(timeout 5 cat {marker})" = {version} ]'),
            as_user(plan.app, f"{init}; echo {version} >{marker}"),
        ),
        Step(
            f"daily backup of {plan.app}",
            f"systemctl is-active {timer}",
            f"systemctl enable --now {timer}",
        ),
    ]
