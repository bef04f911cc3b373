"""The deploy pipeline, top to bottom.

    lock → check → extract → validate → build → smoke_test → release_phase → start → health_check
         → configure_nginx → switch → confirm → activate → start_workers → drain → prune

If a step before `activate` fails, the old release keeps serving. `activate` is the commit point:
`reconcile` makes everything else follow it, after a failure, a kill or a reboot at any step.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from . import dependencies, manifest, ports, probes, processes, releases, settings, site, source
from .cron import check_schedules, install_timers
from .paths import App, CommandError, atomic_symlink, call, reason, write
from .processes import systemctl
from .releases import Release

RESERVE = 1_000_000  # bytes that the records of a deploy may need
MIN_FREE = 300_000_000  # bytes of disk space that a push needs
KEEP = 5  # releases, and commits


class Deploy:
    """A release being deployed, and its log."""

    def __init__(self, app: App, release: Release, log: IO[str]) -> None:
        self.app = app
        self.release = release
        self.old = releases.live(app)
        self.request = release.take_request()
        self.kind = str(self.request["kind"])
        self.log = log

    def run(self, command: list[str], failure: str) -> None:
        """Run a program of the release; log its output, with the values of variables masked."""
        environment, last = processes.environment(self.release), ""
        with subprocess.Popen(
            command, cwd=self.release.src, env=environment, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as program:  # fmt: skip
            for line in program.stdout or ():
                shown = processes.masked(line.rstrip(), self.release)
                last = shown.strip() or last
                print(f"    {shown}", file=self.log, flush=True)
        if program.returncode:
            raise CommandError(f"{failure} Last output: {last}")


def check(deploy: Deploy) -> None:
    """Check disk space, and that nothing else has been deployed since the client looked."""
    releases.prune(deploy.app, KEEP)  # failed deploys leave files behind, too
    deploy.app.reserve.write_bytes(bytes(RESERVE))
    free = shutil.disk_usage(deploy.app.root).free
    if free < MIN_FREE and deploy.kind == "push":
        raise CommandError(
            f"The disk is nearly full: {free // 1_000_000} MB are free, a deploy needs "
            f"{MIN_FREE // 1_000_000} MB. Free some space on the server."
        )
    main = releases.main_commit(deploy.app) or source.NO_COMMIT
    if deploy.kind == "push" and deploy.request["old"] != main:
        raise CommandError("Another commit has been deployed meanwhile: run git fetch.")


def extract(deploy: Deploy) -> None:
    """Extract the code and determine the settings."""
    release, request = deploy.release, deploy.request
    base = settings.read(deploy.app.settings)
    if deploy.kind == "push":
        request["change"] = settings.take_staged(deploy.app)
        release.src.mkdir()
        source.unpack(deploy.app, request["commit"], release.src, deploy.log)
    else:
        origin = Release(deploy.app, request["of"]) if "of" in request else deploy.old
        if origin is None:
            raise CommandError("There is no release yet. Deploy first: hosting deploy")
        # Not hard links: what the app writes there must not change the other release.
        call(["cp", "-a", "--reflink=auto", str(origin.src), str(release.src)])
        release.update(commit=origin.record["commit"])
        if deploy.kind == "rollback":
            base = settings.read(origin.settings)
    change = request.get("change", {})
    write(release.settings, json.dumps(settings.apply(base, change)))
    release.update(port=ports.choose(release, deploy.old))


def validate(deploy: Deploy) -> None:
    """Check the project's files: settings, Procfile, version of Python, requirements."""
    release = deploy.release
    manifest.read(release.src)
    dependencies.python(release.src)
    dependencies.files(release.src)
    check_schedules(release.src)
    known = sorted(set(processes.procfile(release)) - {"release"})
    unknown = sorted(set(deploy.request.get("change", {}).get("scale", {})).difference(known))
    if unknown:
        raise CommandError(f"The Procfile has no process {unknown[0]!r}, only {', '.join(known)}.")


def build(deploy: Deploy) -> None:
    """Install the requirements, or reuse a venv that has them, and build the static files."""
    release, src = deploy.release, deploy.release.src
    interpreter = dependencies.python(src)
    venv = deploy.app.venvs / dependencies.digest(src, interpreter, release.record["commit"])
    complete = venv / "complete"
    release.venv.unlink(missing_ok=True)
    release.venv.symlink_to(venv)
    if not complete.is_file():
        shutil.rmtree(venv, ignore_errors=True)
        for command, failure in dependencies.install_commands(src, venv, interpreter):
            deploy.run(command, failure)
        complete.touch()
    if deploy.kind == "push":
        run_build_commands(deploy)


def run_build_commands(deploy: Deploy) -> None:
    """Run the setting `build` and bin/post_compile; for Django without either, collectstatic."""
    src = deploy.release.src
    command, hook = manifest.read(src).build, src / "bin/post_compile"
    if command:
        deploy.run(["/bin/sh", "-c", command], "The command `build` failed.")
    if hook.is_file():
        deploy.run([str(hook)], "bin/post_compile failed.")
    elif not command and dependencies.is_django(src, deploy.release.venv):
        collect = ["python", "manage.py", "collectstatic", "--noinput"]
        try:
            deploy.run(collect, "`manage.py collectstatic` failed.")
        except CommandError as error:
            if not dependencies.WITHOUT_STATIC.search(str(error)):
                raise


def smoke_test(deploy: Deploy) -> None:
    """Check that gunicorn can load the app."""
    web = processes.procfile(deploy.release)["web"]
    if web.startswith("gunicorn "):
        deploy.run(["/bin/sh", "-c", f"{web} --check-config"], "The app cannot start.")


def release_phase(deploy: Deploy) -> None:
    """Run the Procfile's `release`, such as migrations, with the new code and settings."""
    command = processes.procfile(deploy.release).get("release")
    if command and deploy.kind in ("push", "config"):
        deploy.run(["/bin/sh", "-c", command], "The release phase failed.")


def start(deploy: Deploy) -> None:
    """Start the new release on its own socket or port, without traffic."""
    processes.install_units(deploy.release)
    call(systemctl("start", processes.unit("web", deploy.release.number, 1)))


def health_check(deploy: Deploy) -> None:
    """Wait for three successful health checks of the new release."""
    state = probes.wait_until_ready(deploy.release)
    print(f"    {state}", file=deploy.log)


def configure_nginx(deploy: Deploy) -> None:
    """Copy the static folders, and let nginx use the release's settings."""
    site.publish(deploy.release)
    site.configure(deploy.release)


def switch(deploy: Deploy) -> None:
    """Switch nginx to the new release."""
    atomic_symlink(deploy.app.live_socket, deploy.release.socket.name)


def confirm(deploy: Deploy) -> None:
    """Check the new release through nginx."""
    probes.confirm(deploy.release)


def activate(deploy: Deploy) -> None:
    """Make the new release the live one; from here on nothing reverts it."""
    releases.make_live(deploy.release)


def start_workers(deploy: Deploy) -> None:
    """Start the other processes of the new release, and the timers of its cron entries."""
    call(systemctl("start", *processes.units_of(deploy.release)))
    install_timers(deploy.app, deploy.release)


def drain(deploy: Deploy) -> None:
    """Stop the old release after its last request."""
    stop_others(deploy.app, deploy.release)


def prune(deploy: Deploy) -> None:
    """Delete the code of old releases."""
    releases.prune(deploy.app, KEEP)


PIPELINE: list[Callable[[Deploy], None]] = [
    check, extract, validate, build, smoke_test, release_phase, start, health_check,
    configure_nginx, switch, confirm, activate, start_workers, drain, prune,
]  # fmt: skip


def deploy(app: App, number: int) -> int:
    """Deploy a requested release; return 0 if it went live."""
    release = Release(app, number)
    try:
        with release.log.open("a") as log, app.lock():
            reconcile(app, exclude=release)
            run_steps(Deploy(app, release, log))
    except Exception as error:  # noqa: BLE001 - recorded as the reason of the failed release
        conclude(release, processes.masked(reason(error), release))
    return 0 if release.is_accepted else 1


def conclude(release: Release, why: str) -> None:
    """Record how a deploy has ended that could not do so itself; `current` decides.

    `why` is for a release that did not become the live one.
    """
    release.app.reserve.unlink(missing_ok=True)  # the disk may be full
    release.request_file.unlink(missing_ok=True)  # it may contain values of variables
    if releases.live(release.app) == release:
        releases.make_live(release)
    elif release.result is None:
        with release.log.open("a") as log:
            print(why, file=log)
        release.finish("failed", why)


def run_steps(deploy: Deploy) -> None:
    """Run the pipeline; if a step fails, restore the state of the live release."""
    began = time.monotonic()
    release = deploy.release
    try:
        for step in PIPELINE:
            log_line(deploy.log, began, f"{step.__name__}: {step.__doc__}")
            step(deploy)
    except Exception as error:
        deploy.app.reserve.unlink(missing_ok=True)  # the disk may be full
        reconcile(deploy.app, exclude=release)
        if releases.live(deploy.app) != release:
            raise
        releases.make_live(release)
        print(f"Release {release.number} is live, but: {reason(error)}", file=deploy.log)
        return
    log_line(deploy.log, began, f"Release {release.number} is live.")


def log_line(log: IO[str], began: float, text: str) -> None:
    """Write a line with the elapsed seconds."""
    print(f"{time.monotonic() - began:6.1f}s {text}", file=log, flush=True)


def reconcile(app: App, exclude: Release | None = None) -> None:
    """Make processes, the socket link and the records match `current`; call it with the lock.

    `exclude` is the release being deployed, whose record stays open.
    """
    release = releases.live(app)
    if release is None:
        app.live_socket.unlink(missing_ok=True)
    else:
        call(systemctl("start", *processes.units_of(release)))
        site.request(release)
        if app.live_socket.resolve().name != release.socket.name:
            with suppress(CommandError):  # ready or not, no other release may serve
                probes.wait_until_ready(release)
            atomic_symlink(app.live_socket, release.socket.name)
    stop_others(app, release)
    install_timers(app, release)
    for other in releases.all_releases(app):
        if other.result is None and other != exclude and not processes.is_deploying(other):
            conclude(other, "The deploy was interrupted.")


def stop_others(app: App, release: Release | None) -> None:
    """Stop all processes that do not belong to the live release, once they have drained."""
    wanted = processes.units_of(release) if release else []
    others = [name for name in processes.running() if name not in wanted]
    began = time.monotonic()
    units = [processes.parse_unit(name) for name in others]
    for number in {number for process, number, _index in units if process == "web"}:
        old = Release(app, number)
        limit = manifest.read(old.src).timeout  # of nginx, for one request
        while probes.has_connections(old) and time.monotonic() < began + limit:
            time.sleep(0.1)
    if others:
        call(systemctl("stop", *others))


def reconcile_unless_deploying(app: App) -> None:
    """Reconcile, unless a deploy holds the lock: it reconciles first."""
    with app.lock(timeout=0.5):
        reconcile(app)
