"""Collected static files: the folder STATIC_ROOT, which nginx or the application serves.

It contains the files of this release, and for a while those of previous ones, which open pages
still request. The modification time of a file is the time at which a release dropped it, and
`CURRENT` until then. Files are renamed when they are complete, so no server reads incomplete ones.
"""

import fcntl
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from whitenoise.compress import Compressor

from .hashing import HASH, find
from .views import static_folder

COMPRESSED = (".br", ".gz")
CURRENT = 315_532_800  # 1980-01-01, the same on every machine


def static_folders() -> dict[Path, str]:
    """Return the folders of static files, each with its URL prefix."""
    rules = current_app.url_map.iter_rules()
    folders = [(static_folder(rule.endpoint), rule.rule.partition("<")[0]) for rule in rules]
    return {Path(folder): prefix.lstrip("/") for folder, prefix in folders if folder}


def static_files() -> Iterator[tuple[str, bytes]]:
    """Yield the URL path without leading slash, and the content, of each file to collect."""
    # Not hidden files, and not what no page uses: Bootstrap has dozens of themes, and source maps.
    theme = re.escape(str(current_app.config["BOOTSTRAP_BOOTSWATCH_THEME"] or "").lower())
    skipped = re.compile(rf"(^|/)\.|\.(map|scss)$|/bootswatch/(?!{theme}/)")
    for folder, prefix in static_folders().items():
        names = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
        for name in names:
            if not skipped.search(name) and (asset := find(str(folder), name)):
                yield prefix + asset.hashed_name, asset.content


def write_release(
    root: Path, files: Iterable[tuple[str, bytes]], keep: timedelta, now: datetime
) -> Counter[str]:
    """Write the `files` of this release; delete those that were dropped longer than `keep` ago.

    Return how many were written, unchanged, kept from earlier releases, and pruned.
    """
    root.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    current = set()
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the operating system releases that of a killed process
        for name, content in files:
            current.add(root / name)
            counts["written" if _write(root, name, content) else "unchanged"] += 1
        for path in root.rglob("*"):
            if path in current or path.suffix in COMPRESSED or not HASH.search(path.name):
                continue
            if path.stat().st_mtime == CURRENT:
                os.utime(path, (now.timestamp(), now.timestamp()))
            is_kept = path.stat().st_mtime > (now - keep).timestamp()
            counts["kept" if is_kept else "pruned"] += 1
            for suffix in () if is_kept else ("", *COMPRESSED):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
    return counts


def _write(root: Path, name: str, content: bytes) -> bool:
    """Write a file and its compressed variants; return False if it is unchanged."""
    path, draft = root / name, str(root / ".draft")  # on the same file system
    is_changed = not path.is_file() or path.read_bytes() != content
    if is_changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        Path(draft).write_bytes(content)
        os.utime(draft, (CURRENT, CURRENT))
        compressor = Compressor(quiet=True)
        compressed = compressor.compress(draft) if compressor.should_compress(name) else []
        # The file itself comes last: if it exists, its compressed variants do.
        for file in (*compressed, draft):
            Path(file).replace(f"{path}{file.removeprefix(draft)}")
    elif path.stat().st_mtime != CURRENT:  # after a rollback
        os.utime(path, (CURRENT, CURRENT))
    return is_changed
