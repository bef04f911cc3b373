"""The deploy pipeline, top to bottom.

    lock → check → extract → build → smoke_test → release_phase → start → health_check → switch
         → confirm → activate → start_workers → drain → prune

If a step before `activate` fails, the old release keeps serving. `activate` is the commit point:
`reconcile` makes everything else follow it, after a failure, a kill or a reboot at any step.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from . import probes, processes, releases, settings, source
from .paths import App, CommandError, atomic_symlink, call, write
from .processes import systemctl
from .releases import Release

MIN_FREE = 300_000_000  # bytes of disk space that a push needs
START_TIMEOUT = 60.0  # seconds until a release must be ready
DRAIN_TIMEOUT = 60.0  # seconds for requests to finish, as nginx's proxy_read_timeout
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
                shown = masked(line.rstrip(), self.release)
                last = shown.strip() or last
                print(f"    {shown}", file=self.log, flush=True)
        if program.returncode:
            raise CommandError(f"{failure} Last output: {last}")


def check(deploy: Deploy) -> None:
    """Check disk space."""
    releases.prune(deploy.app, KEEP)  # failed deploys leave files behind, too
    free = shutil.disk_usage(deploy.app.root).free
    if free < MIN_FREE and deploy.kind == "push":
        raise CommandError(
            f"The disk is nearly full: {free // 1_000_000} MB are free, a deploy needs "
            f"{MIN_FREE // 1_000_000} MB. Free some space on the server."
        )


def extract(deploy: Deploy) -> None:
    """Extract the code and determine the settings."""
    release, request = deploy.release, deploy.request
    base = settings.read(deploy.app.settings)
    if deploy.kind == "push":
        request["change"] = settings.take_staged(deploy.app)
        release.src.mkdir()
        source.unpack(deploy.app, request["commit"], request["objects"], release.src, deploy.log)
    else:
        origin = Release(deploy.app, request["of"]) if "of" in request else deploy.old
        if origin is None:
            raise CommandError("There is no release yet. Deploy first: hosting deploy")
        shutil.copytree(origin.src, release.src, copy_function=os.link, symlinks=True)
        release.update(commit=origin.record["commit"])
        if deploy.kind == "rollback":
            base = settings.read(origin.settings)
    change = request.get("change", {})
    write(release.settings, json.dumps(settings.apply(base, change)))
    known = sorted(set(processes.procfile(release)) - {"release"})
    unknown = sorted(set(change.get("scale", {})).difference(known))
    if unknown:
        raise CommandError(f"The Procfile has no process {unknown[0]!r}, only {', '.join(known)}.")


def build(deploy: Deploy) -> None:
    """Install the requirements, or reuse a venv that has them, and run bin/post_compile."""
    release = deploy.release
    venv = deploy.app.venvs / source.requirements_digest(release.src)
    complete = venv / "complete"
    if not complete.is_file():
        shutil.rmtree(venv, ignore_errors=True)
        release.venv.symlink_to(venv)
        deploy.run(["/usr/bin/python3", "-m", "venv", str(venv)], "python3 -m venv failed.")
        pip = [f"{venv}/bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
        options = ["--no-input", "--progress-bar", "off", "--quiet"]
        files = ["--requirement", "requirements.txt"]
        deploy.run([*pip, *options, *files], "pip could not install requirements.txt.")
        complete.touch()
    elif not release.venv.is_symlink():
        release.venv.symlink_to(venv)
    hook = release.src / "bin/post_compile"
    if deploy.kind == "push" and hook.is_file():
        deploy.run([str(hook)], "bin/post_compile failed.")


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
    """Start the new release on its own socket, without traffic."""
    processes.install_units(deploy.release)
    call(systemctl("start", processes.unit("web", deploy.release.number, 1)))


def health_check(deploy: Deploy) -> None:
    """Wait for three successful health checks on the new socket."""
    probes.wait_until_ready(deploy.release, START_TIMEOUT)


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
    """Start the other processes of the new release."""
    call(systemctl("start", *processes.units_of(deploy.release)))


def drain(deploy: Deploy) -> None:
    """Stop the old release after its last request."""
    stop_others(deploy.app, deploy.release)


def prune(deploy: Deploy) -> None:
    """Delete the code of old releases."""
    releases.prune(deploy.app, KEEP)


PIPELINE: list[Callable[[Deploy], None]] = [
    check, extract, build, smoke_test, release_phase, start, health_check, switch, confirm,
    activate, start_workers, drain, prune,
]  # fmt: skip


def deploy(app: App, number: int) -> int:
    """Deploy a requested release; return 0 if it went live."""
    release = Release(app, number)
    with release.log.open("a") as log:
        try:
            with app.lock():
                reconcile(app, exclude=release)
                run_steps(Deploy(app, release, log))
        except Exception as error:  # noqa: BLE001 - recorded as the reason of the failed release
            release.request_file.unlink(missing_ok=True)  # it may contain values of variables
            why = masked(reason(error), release)
            if release.result is None:
                release.finish("failed", why)
            print(why, file=log)
    return 0 if release.result == "live" else 1


def run_steps(deploy: Deploy) -> None:
    """Run the pipeline; if a step fails, restore the state of the live release."""
    began = time.monotonic()
    release = deploy.release
    try:
        for step in PIPELINE:
            log_line(deploy.log, began, f"{step.__name__}: {step.__doc__}")
            step(deploy)
    except Exception as error:
        reconcile(deploy.app, exclude=release)  # before anything is written: the disk may be full
        if releases.live(deploy.app) != release:
            raise
        releases.make_live(release)
        print(f"Release {release.number} is live, but: {reason(error)}", file=deploy.log)
        return
    log_line(deploy.log, began, f"Release {release.number} is live.")


def log_line(log: IO[str], began: float, text: str) -> None:
    """Write a line with the elapsed seconds."""
    print(f"{time.monotonic() - began:6.1f}s {text}", file=log, flush=True)


def reason(error: Exception) -> str:
    """Return an error as one sentence."""
    return str(error) if isinstance(error, CommandError) else f"{type(error).__name__}: {error}"


def masked(text: str, release: Release) -> str:
    """Return `text` with the values of a release's variables masked."""
    return settings.mask(text, [*settings.values(settings.read(release.settings)).values()])


def reconcile(app: App, exclude: Release | None = None) -> None:
    """Make processes, the socket link and the records match `current`; call it with the lock.

    `exclude` is the release being deployed, whose record stays open.
    """
    release = releases.live(app)
    if release is None:
        app.live_socket.unlink(missing_ok=True)
    else:
        call(systemctl("start", *processes.units_of(release)))
        if releases.serving(app) != release.number:
            with suppress(CommandError):  # ready or not, no other release may serve
                probes.wait_until_ready(release, START_TIMEOUT)
            atomic_symlink(app.live_socket, release.socket.name)
    stop_others(app, release)
    for other in releases.all_releases(app):
        if other.result is None and other != exclude and not processes.is_deploying(other):
            if other == release:
                releases.make_live(other)
            else:
                other.request_file.unlink(missing_ok=True)
                other.finish("failed", "The deploy was interrupted.")


def stop_others(app: App, release: Release | None) -> None:
    """Stop all processes that do not belong to the live release, once they have drained."""
    wanted = processes.units_of(release) if release else []
    others = [name for name in processes.running() if name not in wanted]
    deadline = time.monotonic() + DRAIN_TIMEOUT
    units = [processes.parse_unit(name) for name in others]
    for number in {number for process, number, _index in units if process == "web"}:
        while probes.has_connections(Release(app, number)) and time.monotonic() < deadline:
            time.sleep(0.1)
    if others:
        call(systemctl("stop", *others))


def reconcile_unless_deploying(app: App) -> None:
    """Reconcile, unless a deploy holds the lock: it reconciles first."""
    with app.lock(timeout=0.5):
        reconcile(app)
