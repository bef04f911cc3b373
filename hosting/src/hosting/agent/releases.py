"""Releases: a number, code, settings, a build log and a result."""

import json
import os
import shutil
from typing import Any

from .paths import App, CommandError, atomic_symlink, call, key_name, now, write

MAIN = "refs/heads/main"


class Release:
    """The directory `releases/N`: src, venv, settings.json, release.json, build.log."""

    def __init__(self, app: App, number: int) -> None:
        self.app = app
        self.number = number
        self.folder = app.releases / str(number)
        self.src = self.folder / "src"
        self.venv = self.folder / "venv"
        self.settings = self.folder / "settings.json"
        self.log = self.folder / "build.log"
        self.request_file = self.folder / "request.json"  # until the deploy starts
        self.ref = f"refs/releases/{number}"
        self.socket = app.run / f"{number}.sock"
        self.forwarder = f"forward@{number}.socket"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and other.number == self.number

    def __hash__(self) -> int:
        return self.number

    @property
    def record(self) -> dict[str, Any]:
        """The contents of release.json: kind, commit, who, at, result, reason."""
        try:
            record: dict[str, Any] = json.loads((self.folder / "release.json").read_text())
        except (FileNotFoundError, ValueError):
            record = {"kind": "push", "commit": "", "who": "", "at": 0}
        return {"number": self.number, **record}

    def update(self, **facts: Any) -> None:
        """Add to the record."""
        write(self.folder / "release.json", json.dumps(self.record | facts))

    @property
    def result(self) -> str | None:
        """None during the deploy; then `live` (it is or was live) or `failed`."""
        result: str | None = self.record.get("result")
        return result

    @property
    def is_accepted(self) -> bool:
        """True if the release is or was live."""
        return self.result == "live" or live(self.app) == self

    def finish(self, result: str, reason: str = "") -> None:
        """Record the result, in the audit log as well."""
        if self.result is None:
            what = ": ".join(filter(None, [f"release {self.number}", result, reason]))
            self.app.audit(what, self.record["who"])
        self.update(result=result, reason=reason, ended=now())

    def contents(self) -> tuple[str, str]:
        """Return the commit and the settings, which together identify what runs."""
        return self.record["commit"], self.settings.read_text()

    def take_request(self) -> dict[str, Any]:
        """Return the request and delete its file, which may contain secrets."""
        request: dict[str, Any] = json.loads(self.request_file.read_text())
        self.request_file.unlink()
        return request


def create(app: App, kind: str, **details: Any) -> Release:
    """Create the directory of a new release, with the request that the deploy reads."""
    number = max((release.number for release in all_releases(app)), default=0) + 1
    while True:
        release = Release(app, number)
        try:
            release.folder.mkdir(mode=0o700)
            break
        except FileExistsError:
            number += 1
    release.update(kind=kind, who=key_name(), at=now(), commit=details.get("commit", ""))
    write(release.request_file, json.dumps({"kind": kind, **details}))
    release.log.touch(mode=0o600)
    return release


def all_releases(app: App) -> list[Release]:
    """Return all releases, oldest first."""
    numbers = sorted(int(folder.name) for folder in app.releases.iterdir())
    return [Release(app, number) for number in numbers]


def live(app: App) -> Release | None:
    """Return the live release, or None. The symbolic link `current` alone decides which it is."""
    try:
        return Release(app, int(app.current.readlink().name))
    except FileNotFoundError:
        return None


def require_live(app: App) -> Release:
    """Return the live release; raise CommandError if there is none."""
    release = live(app)
    if release is None:
        raise CommandError(f"{app.name} has no release yet. Deploy first: hosting deploy")
    return release


def make_live(release: Release) -> None:
    """Make a release the live one. The replacement of the symbolic link is the commit point.

    Everything else follows it, and can be repeated: the settings, git's `main`, the record. A ref
    of its own keeps git from deleting the commit of a release that can be rolled back to.
    """
    os.sync()  # the release must survive a power failure before it becomes the live one
    atomic_symlink(release.app.current, str(release.folder))
    write(release.app.settings, release.settings.read_text())
    for ref in (release.ref, MAIN):
        # Refs are updated with the deploy lock only, so that this is left over from a crash.
        (release.app.repo / f"{ref}.lock").unlink(missing_ok=True)
        git(release.app, "update-ref", ref, release.record["commit"])
    release.finish("live")


def main_commit(app: App) -> str:
    """Return the commit of `main`, or an empty string."""
    return git(app, "for-each-ref", "--format=%(objectname)", MAIN).strip()


def git(app: App, *arguments: str) -> str:
    """Run git in the app's repository and return its output."""
    return call(["git", "--git-dir", str(app.repo), *arguments])


def rollback_target(app: App, number: int | None) -> Release:
    """Return release `number`, or the last one whose code or settings differ from the live one."""
    current = require_live(app)
    good = [one for one in all_releases(app) if one.result == "live" and one != current]
    kept = [one for one in good if one.src.is_dir()]
    if number is None:
        candidates = [one for one in kept if one.contents() != current.contents()]
    else:
        candidates = [one for one in kept if one.number == number]
    if not candidates:
        available = ", ".join(str(one.number) for one in kept) or "none"
        raise CommandError(f"No such release to roll back to. Available: {available}.")
    return candidates[-1]


def prune(app: App, keep: int) -> None:
    """Delete code of old releases; keep the last `keep` releases and the last `keep` commits.

    Records and logs are kept for all releases.
    """
    good = [one for one in all_releases(app) if one.result == "live"]
    commits = {one.record["commit"]: one for one in good}  # the last release of each commit
    by_age = sorted(commits.values(), key=lambda one: one.number)
    kept = {*good[-keep:], *by_age[-keep:], live(app)}
    for release in all_releases(app):
        if release.result is not None and release not in kept:
            if release.src.is_dir():
                git(app, "update-ref", "-d", release.ref)
            shutil.rmtree(release.src, ignore_errors=True)
            for file in (release.venv, release.settings, release.socket):
                file.unlink(missing_ok=True)
    used = {one.venv.resolve() for one in all_releases(app) if one.venv.is_symlink()}
    for venv in app.venvs.iterdir():
        if venv.resolve() not in used:
            shutil.rmtree(venv, ignore_errors=True)
    git(app, "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
