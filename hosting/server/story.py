"""The story of a deploy, top to bottom.

    lock → check → extract → build → smoke → prepare → start → gate → switch → confirm → live
         → workers → retire → prune

Whatever fails before `live` leaves the old release serving. The rename in `live` is the one moment
that counts: `recover` makes everything else follow it, after a failure, a kill or a reboot.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from . import probes, processes, releases, settings, source
from .places import App, Refused, call, point, write
from .processes import systemctl
from .releases import Release

SPACE = 300_000_000  # bytes that must be free before anything is begun
START = 60.0  # seconds until a release must be ready
DRAIN = 60.0  # seconds that requests may take to finish; nginx waits no longer either
KEEP = 5


class Deploy:
    """A release on its way, and its log."""

    def __init__(self, app: App, release: Release, log: IO[str]) -> None:
        self.app = app
        self.release = release
        self.old = releases.live(app)
        self.request = release.request()
        self.kind = str(self.request["kind"])
        self.log = log

    def run(self, command: list[str], failure: str) -> None:
        """Run a program of the release; its words go to the log, without the values of secrets."""
        environment = processes.environment(self.release)
        last = ""
        with subprocess.Popen(
            command,
            cwd=self.release.src,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as program:
            for line in program.stdout or ():
                shown = masked(line.rstrip(), self.release)
                last = shown.strip() or last
                print(f"    {shown}", file=self.log, flush=True)
        if program.returncode:
            raise Refused(f"{failure} Its last words: {last}")


def check(deploy: Deploy) -> None:
    """Is there room, and a Python that fits?"""
    releases.prune(deploy.app, KEEP)  # what failed before has left something, too
    free = shutil.disk_usage(deploy.app.root).free
    if free < SPACE and deploy.kind == "push":
        raise Refused(
            f"The disk is nearly full: {free // 1_000_000} MB are free, and a deploy needs "
            f"{SPACE // 1_000_000}. Make room on the server (`hosting status` shows the disk)."
        )
    if sys.version_info < (3, 11):  # noqa: UP036 - the server's Python is not ours
        raise Refused(
            "The server's Python is older than 3.11: use Debian 12, Ubuntu 24.04 or newer."
        )


def extract(deploy: Deploy) -> None:
    """Unpack the code, beside that of other releases."""
    release, request = deploy.release, deploy.request
    start = settings.read(deploy.app.settings)
    if deploy.kind == "push":
        request["change"] = settings.handed_over(deploy.app)
        release.src.mkdir()
        source.unpack(deploy.app, request["commit"], request["objects"], release.src, deploy.log)
    else:
        origin = Release(deploy.app, request["of"]) if "of" in request else deploy.old
        if origin is None:
            raise Refused("There is no release to begin with: deploy first.")
        shutil.copytree(origin.src, release.src, copy_function=os.link, symlinks=True)
        release.note(commit=origin.record["commit"])
        if deploy.kind == "rollback":
            start = settings.read(origin.settings)
    chosen = settings.changed(start, request.get("change", {}))
    write(release.settings, json.dumps(chosen))
    known = set(processes.procfile(release)) - {"release"}
    unknown = sorted(set(request.get("change", {}).get("scale", {})) - known)
    if unknown:
        raise Refused(
            f"The Procfile has no process {unknown[0]!r}, but {', '.join(sorted(known))}."
        )


def build(deploy: Deploy) -> None:
    """Install what it requires; an environment that has it already is used again."""
    release = deploy.release
    venv = deploy.app.venvs / source.requirements_digest(release.src)
    done = venv / "complete"
    if not done.is_file():
        shutil.rmtree(venv, ignore_errors=True)
        python = f"{venv}/bin/python"
        release.venv.symlink_to(venv)
        deploy.run(["/usr/bin/python3", "-m", "venv", str(venv)], "There is no environment.")
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        quiet = ["--progress-bar", "off", "--quiet", "--requirement", "requirements.txt"]
        deploy.run([*pip, *quiet], "pip could not install requirements.txt.")
        done.touch()
    elif not release.venv.is_symlink():
        release.venv.symlink_to(venv)
    hook = release.src / "bin/post_compile"
    if deploy.kind == "push" and hook.is_file():
        deploy.run([str(hook)], "bin/post_compile failed.")


def smoke(deploy: Deploy) -> None:
    """Can the code be imported, and is the configuration valid?"""
    web = processes.procfile(deploy.release)["web"]
    if web.startswith("gunicorn "):
        deploy.run(["/bin/sh", "-c", f"{web} --check-config"], "The site cannot start.")


def prepare(deploy: Deploy) -> None:
    """Run the Procfile's `release`: migrations, with the new code and the new settings."""
    command = processes.procfile(deploy.release).get("release")
    if command and deploy.kind in ("push", "config"):
        deploy.run(["/bin/sh", "-c", command], "The release phase failed.")


def start(deploy: Deploy) -> None:
    """Start it on a socket of its own, where nobody asks it yet."""
    processes.install(deploy.release)
    call(systemctl("start", processes.unit("web", deploy.release.number, 1)))


def gate(deploy: Deploy) -> None:
    """Wait until it has said three times that it is ready."""
    probes.wait_until_ready(deploy.release, START)


def switch(deploy: Deploy) -> None:
    """Let nginx ask the new release."""
    point(deploy.app.live_socket, deploy.release.socket.name)


def confirm(deploy: Deploy) -> None:
    """Ask through nginx, as readers do: does the new release answer?"""
    probes.confirm(deploy.release)


def live(deploy: Deploy) -> None:
    """From here on it is the live release, whatever happens."""
    releases.make_live(deploy.release)


def workers(deploy: Deploy) -> None:
    """Start its other processes."""
    call(systemctl("start", *processes.units_of(deploy.release)))


def retire(deploy: Deploy) -> None:
    """Let the old release finish what it has begun, and stop it."""
    stop_others(deploy.app, deploy.release)


def prune(deploy: Deploy) -> None:
    """Keep five releases."""
    releases.prune(deploy.app, KEEP)


STORY: list[Callable[[Deploy], None]] = [
    check, extract, build, smoke, prepare, start, gate, switch, confirm, live,
    workers, retire, prune,
]  # fmt: skip


def perform(app: App, number: int) -> int:
    """Make a release that was asked for; 0 if it is live."""
    release = Release(app, number)
    with release.log.open("a") as log:
        try:
            with app.lock():
                recover(app, but=release)
                tell(Deploy(app, release, log))
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this release alone
            release.asked.unlink(missing_ok=True)  # it may hold values of variables
            why = masked(reason(error), release)
            if release.result is None:
                release.finish("failed", why)
            print(why, file=log)
    return 0 if release.result == "live" else 1


def tell(deploy: Deploy) -> None:
    """Tell the story; if it ends badly, make everything as it was."""
    began = time.monotonic()
    release = deploy.release
    try:
        for step in STORY:
            say(deploy.log, began, f"{step.__name__}: {(step.__doc__ or '').splitlines()[0]}")
            step(deploy)
    except Exception as error:
        recover(deploy.app, but=release)  # before anything is written: the disk may be full
        if releases.live(deploy.app) != release:
            raise
        releases.make_live(release)
        print(f"Release {release.number} is live, but: {reason(error)}", file=deploy.log)
        return
    say(deploy.log, began, f"Release {release.number} is live.")


def say(log: IO[str], began: float, words: str) -> None:
    """Write a line with the seconds that have gone by."""
    print(f"{time.monotonic() - began:6.1f}s {words}", file=log, flush=True)


def reason(error: Exception) -> str:
    """Return why, in one sentence."""
    return str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"


def masked(text: str, release: Release) -> str:
    """Return `text` without the values of a release's variables."""
    return settings.masked(text, [*settings.values(settings.read(release.settings)).values()])


def recover(app: App, but: Release | None = None) -> None:
    """Make everything follow `current`: what runs, what nginx asks, what became of each release.

    For whoever holds the lock: after a failure, a kill at any arrow of the story, or a reboot.
    """
    release = releases.live(app)
    if release is None:
        app.live_socket.unlink(missing_ok=True)
    else:
        call(systemctl("start", *processes.units_of(release)))
        if releases.serving(app) != release.number:
            with suppress(Refused):  # ready or not: nothing else may serve
                probes.wait_until_ready(release, START)
            point(app.live_socket, release.socket.name)
    stop_others(app, release)
    for other in releases.all_of(app):
        if other.result is None and other != but and not processes.is_being_made(other):
            if other == release:
                releases.make_live(other)
            else:
                other.asked.unlink(missing_ok=True)
                other.finish("failed", "It was interrupted.")


def stop_others(app: App, release: Release | None) -> None:
    """Stop the processes that do not belong to the live release, once nobody is connected."""
    wanted = processes.units_of(release) if release else []
    others = [name for name in processes.running() if name not in wanted]
    give_up = time.monotonic() + DRAIN
    units = [processes.parts(name) for name in others]
    for number in {number for process, number, _index in units if process == "web"}:
        while probes.is_connected(Release(app, number)) and time.monotonic() < give_up:
            time.sleep(0.1)
    if others:
        call(systemctl("stop", *others))


def recover_alone(app: App) -> None:
    """Recover unless somebody is at work, who recovers first."""
    with app.lock(patience=0.5):
        recover(app)
