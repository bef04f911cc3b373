"""A release: code and settings, numbered, with its log and what became of it."""

import json
import os
import shutil
from contextlib import suppress
from typing import Any

from .places import App, Refused, call, now, point, who, write


class Release:
    """Folder `releases/N`: src, venv, settings.json (0600), release.json, build.log."""

    def __init__(self, app: App, number: int) -> None:
        self.app = app
        self.number = number
        self.folder = app.releases / str(number)
        self.src = self.folder / "src"
        self.venv = self.folder / "venv"
        self.settings = self.folder / "settings.json"
        self.log = self.folder / "build.log"
        self.asked = self.folder / "request.json"  # until somebody begins
        self.socket = app.run / f"{number}.sock"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and other.number == self.number

    def __hash__(self) -> int:
        return self.number

    @property
    def record(self) -> dict[str, Any]:
        """What is known of it: kind, commit, who, at, result, reason."""
        try:
            record: dict[str, Any] = json.loads((self.folder / "release.json").read_text())
        except (FileNotFoundError, ValueError):
            record = {"kind": "push", "commit": "", "who": "", "at": 0}
        return {"number": self.number, **record}

    def note(self, **facts: Any) -> None:
        """Add to what is known of it."""
        write(self.folder / "release.json", json.dumps(self.record | facts))

    @property
    def result(self) -> str | None:
        """None while it is being made; then `live` (it once was) or `failed`."""
        result: str | None = self.record.get("result")
        return result

    def finish(self, result: str, reason: str = "") -> None:
        """Say what became of it, once and for all."""
        self.note(result=result, reason=reason, ended=now())

    def what(self) -> tuple[str, str]:
        """Return what it is made of: code and settings."""
        return self.record["commit"], self.settings.read_text()

    def request(self) -> dict[str, Any]:
        """Return what was asked for, and forget it: it may hold secrets."""
        request: dict[str, Any] = json.loads(self.asked.read_text())
        self.asked.unlink()
        return request


def ask_for(app: App, kind: str, **details: Any) -> Release:
    """Make a numbered folder for a release that is to be made, with what is asked for in it."""
    number = max((release.number for release in all_of(app)), default=0) + 1
    while True:
        release = Release(app, number)
        try:
            release.folder.mkdir(mode=0o700)
            break
        except FileExistsError:
            number += 1
    release.note(kind=kind, who=who(), at=now(), commit=details.get("commit", ""))
    write(release.asked, json.dumps({"kind": kind, **details}))
    release.log.touch(mode=0o600)
    return release


def all_of(app: App) -> list[Release]:
    """Return every release, the oldest first."""
    numbers = sorted(int(folder.name) for folder in app.releases.iterdir())
    return [Release(app, number) for number in numbers]


def live(app: App) -> Release | None:
    """Return the release that is live: the one that `current` leads to, and nothing else says."""
    try:
        return Release(app, int(app.current.readlink().name))
    except FileNotFoundError:
        return None


def must_be_live(app: App) -> Release:
    """Return the live release; refuse if there is none yet."""
    release = live(app)
    if release is None:
        raise Refused(f"{app.name} has no release yet: deploy first (`hosting deploy`).")
    return release


def make_live(release: Release) -> None:
    """Let `release` be the one that is live, with its settings. The rename is the moment.

    git shall know, too: after a rollback it takes the newer code again, or what goes on from here.
    """
    os.sync()  # should the power go, its files are whole
    point(release.app.current, str(release.folder))
    write(release.app.settings, release.settings.read_text())
    if release.record["kind"] == "rollback":
        main = ["update-ref", "refs/heads/main", release.record["commit"]]
        with suppress(Refused):  # a commit that git has forgotten
            call(["git", "--git-dir", str(release.app.repo), *main])
    release.finish("live")


def serving(app: App) -> int | None:
    """Return the number of the release whose socket nginx uses."""
    try:
        return int(app.live_socket.readlink().stem)
    except (FileNotFoundError, ValueError):
        return None


def to_go_back_to(app: App, number: int | None) -> Release:
    """Return the release of that number, or the last one before this one that was another."""
    now_live = must_be_live(app)
    good = [one for one in all_of(app) if one.result == "live" and one != now_live]
    kept = [one for one in good if one.src.is_dir()]
    if number is None:
        fitting = [one for one in kept if one.what() != now_live.what()]
    else:
        fitting = [one for one in kept if one.number == number]
    if not fitting:
        choice = ", ".join(str(one.number) for one in kept) or "none"
        raise Refused(f"There is no such release to go back to. Those that are kept: {choice}.")
    return fitting[-1]


def prune(app: App, keep: int) -> None:
    """Keep the newest releases, and the newest commits; of others the record and the log stay."""
    good = [one for one in all_of(app) if one.result == "live"]
    commits = {one.record["commit"]: one for one in good}  # the last of each, in a row
    by_age = sorted(commits.values(), key=lambda one: one.number)
    staying = {*good[-keep:], *by_age[-keep:], live(app)}
    for release in all_of(app):
        if release.result is not None and release not in staying:
            shutil.rmtree(release.src, ignore_errors=True)
            release.venv.unlink(missing_ok=True)
            release.settings.unlink(missing_ok=True)
            release.socket.unlink(missing_ok=True)
    used = {one.venv.resolve() for one in all_of(app) if one.venv.is_symlink()}
    for venv in app.venvs.iterdir():
        if venv.resolve() not in used:
            shutil.rmtree(venv, ignore_errors=True)
