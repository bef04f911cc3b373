"""The folder of hashed copies of static files, from which nginx or the site itself serves them.

It holds the files of this release, and for a while those of earlier ones: a page that somebody
has open goes on finding its own. Each copy is written under another name first and then renamed,
so whoever serves the folder meanwhile never sees half a file.
"""

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from whitenoise.compress import Compressor

COMPRESSED = (".br", ".gz")


def collection(app: Flask) -> "Collection":
    """Return the folder of copies; a relative path begins at the project's folder."""
    return Collection(Path(app.root_path).parent / app.config["STATIC_COLLECTED"])


class UnreadableManifest(Exception):
    """The list of what was collected is damaged."""


@dataclass
class Outcome:
    """How many files a run wrote, found written, kept for open pages, and deleted."""

    written: int = 0
    unchanged: int = 0
    kept: int = 0
    pruned: int = 0


class Collection:
    """The folder. Its manifest names the copies, and when each ceased to be of the release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / ".manifest.json"
        self._draft = folder / ".draft"  # beside the copies: a rename works within one disk only

    def names(self) -> list[str]:
        """Return the names of the copies: `static/css/base.3f2a9c12ab34.css`."""
        return list(self._read())

    def update(
        self, files: Iterable[tuple[str, bytes]], keep: timedelta, now: datetime
    ) -> Outcome:
        """Make `files` the present release; delete what has not been of it for `keep`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        outcome = Outcome()
        with self._only_one_run():
            left = {name: since or now for name, since in self._read().items()}
            present: dict[str, datetime | None] = {}
            for name, content in files:
                if self._write(name, content):
                    outcome.written += 1
                else:
                    outcome.unchanged += 1
                present[name] = None
                left.pop(name, None)
            kept: dict[str, datetime | None] = {
                name: since for name, since in left.items() if now - since < keep
            }
            # First forgotten, then deleted: what is on the list is there.
            self._write_manifest(present | kept)
            for name in left.keys() - kept.keys():
                self._delete(name)
            outcome.kept, outcome.pruned = len(kept), len(left) - len(kept)
        return outcome

    def _write(self, name: str, content: bytes) -> bool:
        """Write a copy and its compressed ones; tell whether it was not there."""
        target = self.folder / name
        if target.is_file() and target.read_bytes() == content:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = self._draft / target.name
        draft.write_bytes(content)
        compressor = Compressor(quiet=True)
        compressed = compressor.compress(str(draft)) if compressor.should_compress(name) else []
        # The copy itself comes last: where it is, the others are too.
        for path in (*map(Path, compressed), draft):
            path.replace(target.with_name(path.name))
        return True

    def _delete(self, name: str) -> None:
        for suffix in ("", *COMPRESSED):
            (self.folder / f"{name}{suffix}").unlink(missing_ok=True)

    def _read(self) -> dict[str, datetime | None]:
        try:
            known = json.loads(self._manifest.read_bytes())
            return {
                name: since and datetime.fromisoformat(since)
                for name, since in known["left_at"].items()
            }
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UnreadableManifest(
                f"{self._manifest} cannot be read. Delete it and collect again; copies that "
                "earlier releases left are then yours to delete."
            ) from error

    def _write_manifest(self, left_at: dict[str, datetime | None]) -> None:
        draft = self._draft / self._manifest.name
        known = {name: since and since.isoformat() for name, since in sorted(left_at.items())}
        draft.write_text(json.dumps({"left_at": known}, indent=1))
        draft.replace(self._manifest)

    @contextmanager
    def _only_one_run(self) -> Iterator[None]:
        """Wait until no other run writes here; the lock falls with the process that holds it."""
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._draft.mkdir(exist_ok=True)  # what a killed run left there is written over
                yield
            finally:
                shutil.rmtree(self._draft, ignore_errors=True)
