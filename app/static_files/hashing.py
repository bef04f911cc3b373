"""File names with a content hash: `css/base.3f2a9c12ab34.css`.

Style sheets and scripts that refer to other files get the hashed names of these before they are
hashed. So a changed image changes the URL of every style sheet that uses it.

`@import "forms.css";` in a style sheet and `import "./times.js";` in a script are replaced with
that file of the same folder, so that browsers load one file. A script that has imports or exports
stays a file of its own.
"""

import hashlib
import os
import posixpath
import re
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

HASH = re.compile(r"\.[0-9a-f]{12}(?=(?:\.[^./]+)?\Z)")

# What precedes a reference, and its path. References in other forms keep their plain names.
_IMPORT = re.compile(rb"""(\b(?:from|import)\s*\(?\s*["'])(\.{1,2}/[^"'\s?#]+)""")
_MODULE = re.compile(rb"\b(?:import|export)\b")  # may not be in a block
REFERENCES = {
    ".css": re.compile(rb"""(?i)(\burl\(\s*["']?|@import\s*["'])(?!data:)([^"')\s?#]+)"""),
    ".js": _IMPORT,
    ".mjs": _IMPORT,
}


class CircularReference(Exception):
    """Files refer to each other, so that no hash can be computed first."""


class Asset(NamedTuple):
    """A static file as it is served. `modified` is the Unix time of its latest change."""

    hashed_name: str
    etag: str
    content: bytes
    modified: float


def find(folder: str, name: str, referrers: tuple[str, ...] = ()) -> Asset | None:
    """Return the file called `name` in `folder`, or None; raise CircularReference."""
    if name in referrers:
        circle = " → ".join((*referrers[referrers.index(name) :], name))
        raise CircularReference(
            f"Circular reference between static files: {circle}. "
            "Move the shared code to a file that refers to none of them."
        )
    if posixpath.normpath(name) != name or name.startswith(("/", "..")):
        return None
    path = f"{folder}/{name}"
    try:
        status = os.stat(path)  # noqa: PTH116 - faster than Path, and each page has many URLs
    except (OSError, ValueError):  # a name may be too long or contain a NUL
        return None
    if not S_ISREG(status.st_mode):
        return None
    stem, suffix = posixpath.splitext(name)
    parts, modified = list(_parse(path, status.st_mtime_ns, status.st_size)), status.st_mtime
    for index in range(2, len(parts), 3):
        directory, base = posixpath.split(parts[index].decode(errors="replace"))
        target_name = posixpath.normpath(posixpath.join(posixpath.dirname(name), directory, base))
        if target := find(folder, target_name, (*referrers, name)):
            modified = max(modified, target.modified)
            prefix, reference, rest = parts[index - 1 : index + 2]
            if _is_inlined(prefix, reference, rest, target.content):
                parts[index - 1 : index + 1] = _inline(prefix, reference, target)
                parts[index + 1] = rest.partition(b";")[2]
            else:
                hashed = posixpath.join(directory, posixpath.basename(target.hashed_name))
                parts[index] = hashed.encode()
    content = b"".join(parts)
    return Asset(f"{stem}.{_hash(content)}{suffix}", _hash(content), content, modified)


def _is_inlined(prefix: bytes, reference: bytes, rest: bytes, target: bytes) -> bool:
    """Return True for a statement that imports a whole file of the same folder, for all media."""
    if not rest[1:].lstrip().startswith(b";"):
        return False
    if prefix.lower().startswith(b"@import"):
        return b"/" not in reference
    is_bare_import = re.fullmatch(rb"""import\s*["']""", prefix) is not None
    return is_bare_import and reference.count(b"/") == 1 and not _MODULE.search(target)


def _inline(prefix: bytes, reference: bytes, target: Asset) -> tuple[bytes, bytes]:
    """Return what replaces an import: the file, and a block around a script, for its names."""
    if prefix.startswith(b"@"):
        return b"", target.content
    # Because of the word "import", a script that includes others stays a file of its own: a script
    # that is a part of two others would run twice.
    return b"/* import of %b */ {\n" % reference, target.content + b"\n}"


@lru_cache(maxsize=1000)
def _parse(path: str, _modified: int, _size: int) -> list[bytes]:
    """Split a file at its references; return text, prefix, reference, text, prefix, …"""
    pattern, content = REFERENCES.get(posixpath.splitext(path)[1]), Path(path).read_bytes()
    return pattern.split(content) if pattern else [content]


@lru_cache(maxsize=1000)
def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
