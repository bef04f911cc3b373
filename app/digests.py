"""Names of static files that hold a digest of the file: `css/base.3f2a9c12ab34.css`.

A digest covers what a file leads to as well. Style sheets and scripts name other files; these
references are led to hashed names before the digest is taken. Thus a new picture changes the
address of each style sheet that shows it, and whatever has such a name never changes.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISREG

DIGEST_LENGTH = 12
HASHED_NAME = re.compile(rf"(.+)\.([0-9a-f]{{{DIGEST_LENGTH}}})(\.[^./]+)?")

_IN_SCRIPTS = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](?P<reference>\.{1,2}/[^"'\s]+)["']""")
REFERENCES = {
    ".css": re.compile(
        r"""(?:\burl\(\s*["']?|@import\s*["'])(?P<reference>[^"')\s]+)""", re.IGNORECASE
    ),
    ".js": _IN_SCRIPTS,
    ".mjs": _IN_SCRIPTS,
}


class CircularReference(Exception):
    """Files refer to each other in a circle, so none can hold the digest of the next."""

    def __init__(self, names: tuple[str, ...]) -> None:
        circle = " → ".join(names)
        super().__init__(
            f"Static files refer to each other in a circle: {circle}. "
            "Move what they share to a file that refers to none of them."
        )


@dataclass(frozen=True)
class Asset:
    """A static file as browsers get it: the references in it lead to hashed names."""

    name: str
    content: bytes
    changed: float  # seconds since 1970; that of the newest file it leads to

    @cached_property
    def digest(self) -> str:
        """The digest of the content."""
        return hashlib.sha256(self.content).hexdigest()[:DIGEST_LENGTH]

    @property
    def hashed_name(self) -> str:
        """The name with the digest before its last suffix."""
        stem, suffix = posixpath.splitext(self.name)
        return f"{stem}.{self.digest}{suffix}"


def split(name: str) -> tuple[str, str] | None:
    """Take a hashed name apart into the plain name and the digest."""
    match = HASHED_NAME.fullmatch(name)
    return (match[1] + (match[3] or ""), match[2]) if match else None


@dataclass(frozen=True)
class _Source:
    """A file as it lies on the disk, and the names that its references lead to."""

    path: Path
    stamp: tuple[int, int]
    content: bytes
    references: dict[str, str]


class Folder:
    """The static files in one folder. A file that was changed is read anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sources: dict[str, _Source] = {}
        self._assets: dict[str, tuple[object, Asset]] = {}

    def names(self) -> Iterator[str]:
        """Name every file, those that are hidden aside."""
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                yield name.as_posix()

    def find(self, name: str) -> Asset | None:
        """Return the file called `name`, if there is one."""
        return self._find(name, ())

    def _find(self, name: str, referring: tuple[str, ...]) -> Asset | None:
        if name in referring:
            raise CircularReference((*referring[referring.index(name) :], name))
        source = self._source(name)
        if source is None:
            return None
        targets = {
            reference: asset
            for reference, target in source.references.items()
            if (asset := self._find(target, (*referring, name))) is not None
        }
        state = (source.stamp, {reference: asset.digest for reference, asset in targets.items()})
        known = self._assets.get(name)
        if known is None or known[0] != state:
            known = self._assets[name] = (state, _build(name, source, targets))
        return known[1]

    def _source(self, name: str) -> _Source | None:
        known = self._sources.get(name)
        path = known.path if known else self.path / name  # each link of each page comes by here
        # Only one way to write a name is taken: nobody can make us remember a file twice.
        if known is None and not _is_canonical(name):
            return None
        try:
            status = path.stat()
        except (OSError, ValueError):  # too long a name, or one with a NUL, is no file's
            return None
        if not S_ISREG(status.st_mode):
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        if known is None or known.stamp != stamp:
            content = path.read_bytes()
            known = _Source(path, stamp, content, references(name, content))
            self._sources[name] = known
        return known


def _is_canonical(name: str) -> bool:
    outside = name == ".." or name.startswith(("/", "../"))
    return posixpath.normpath(name) == name and not outside


def references(name: str, content: bytes) -> dict[str, str]:
    """Return the references in a file to others of its folder, as written, with their names."""
    pattern = REFERENCES.get(posixpath.splitext(name)[1])
    found = pattern.finditer(_text(content)) if pattern else ()
    names = {match["reference"]: _resolve(name, match["reference"]) for match in found}
    return {reference: target for reference, target in names.items() if target is not None}


def _resolve(name: str, reference: str) -> str | None:
    """Return the name that `reference` in the file `name` leads to; None if to another site."""
    path = _path(reference)
    if not path or path.startswith("/") or ":" in path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _build(name: str, source: _Source, targets: dict[str, Asset]) -> Asset:
    changed = max([source.stamp[0] / 1e9, *(target.changed for target in targets.values())])
    if not targets:
        return Asset(name, source.content, changed)

    def lead(match: re.Match[str]) -> str:
        target = targets.get(match["reference"])
        return match[0] if target is None else _lead(match, target)

    pattern = REFERENCES[posixpath.splitext(name)[1]]
    text = pattern.sub(lead, _text(source.content))
    return Asset(name, text.encode("utf-8", "surrogateescape"), changed)


def _lead(match: re.Match[str], target: Asset) -> str:
    """Put the hashed name of `target` where its plain one stands; leave what surrounds it."""
    path = _path(match["reference"])
    start = match.start("reference") - match.start()
    hashed = posixpath.join(posixpath.dirname(path), posixpath.basename(target.hashed_name))
    return match[0][:start] + hashed + match[0][start + len(path) :]


def _path(reference: str) -> str:
    return re.split("[?#]", reference)[0]


def _text(content: bytes) -> str:
    """Return the file as text that can be turned back, whatever its encoding."""
    return content.decode("utf-8", "surrogateescape")
