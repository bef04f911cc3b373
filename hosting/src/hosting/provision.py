"""Provisioning steps: each has a check and, if the check fails, a command. Both are shell.

All steps are sent as one script, over one ssh connection.
"""

import base64
import gzip
import hashlib
import io
import shlex
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

APT = "apt-get -o DPkg::Lock::Timeout=300"  # a new server may be installing updates
UPDATE = "test -e $log.lists || apt-get update -qq; touch $log.lists"  # once
HEADER = """set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 log
log=$(mktemp) && trap 'rm -f "$log" "$log.lists"' EXIT
step() {
    if sh -c "$2" >/dev/null 2>&1 </dev/null; then echo "ok       $1"; return; fi
    if [ -n "$dry" ]; then echo "to do    $1"; return; fi
    if sh -ec "$3" >"$log" 2>&1 </dev/null; then echo "changed  $1"; return; fi
    echo "failed   $1. Last output:" >&2; tail -n 5 "$log" >&2; exit 1
}
[ "$(id -u)" = 0 ] || { echo "This needs root: hosting setup root@HOST" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "The server runs neither Debian nor Ubuntu." >&2; exit 1; }
"""


@dataclass(frozen=True)
class Step:
    """A name, shell that succeeds if the step is done, and shell that does it."""

    name: str
    check: str
    command: str


def script(steps: Sequence[Step], *, dry: bool) -> str:
    """Return the script of all steps, for `sh -s`; a dry run only checks."""
    lines = [shlex.join(["step", step.name, step.check, step.command]) for step in steps]
    return "\n".join([f"dry={'yes' if dry else ''}", HEADER, *lines, ""])


def as_user(user: str, command: str) -> str:
    """Return shell that runs as a user. Root must not open files in directories of a user."""
    words = ["runuser", "-u", user, "--", "env", "-i", f"HOME=/srv/{user}", "PATH=/usr/bin:/bin"]
    return shlex.join([*words, "sh", "-ec", command])


def packages(*names: str) -> Step:
    """Install packages."""
    words = " ".join(names)
    return Step(
        f"packages {words}",
        f"dpkg-query --show --showformat '${{db:Status-Status}}\\n' {words} >$log"
        " && ! grep -qv ^installed $log",
        f"{UPDATE}; {APT} install -qq -y --no-install-recommends {words}",
    )


def file(
    path: str, text: str, mode: str = "644", owner: str = "root:root", then: str = ""
) -> Step:
    """Write a file; run `then` if it changed."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    packed = base64.b64encode(text.encode()).decode()
    user, group = owner.split(":")
    install = f"install -D -m {mode} -o {user} -g {group} /dev/stdin {path}"
    return Step(
        f"file {path}",
        f'[ "$(sha256sum <{path})" = "{digest}  -" ] && '
        f'[ "$(stat -c "%a %U:%G" {path})" = "{mode} {owner}" ]',
        "; ".join(filter(None, [f"echo {packed} | base64 -d | {install}", then])),
    )


def directory(path: str, mode: str, owner: str) -> Step:
    """Create a directory."""
    user, group = owner.split(":")
    return Step(
        f"directory {path}",
        f'[ "$(stat -c "%a %U:%G" {path})" = "{mode} {owner}" ]',
        f"install -d -m {mode} -o {user} -g {group} {path}",
    )


def files(path: str, contents: Mapping[str, str], then: str = "true") -> Step:
    """Write a directory owned by root that contains these files only; run `then` if it changed."""
    packed = tar(contents)
    digest = hashlib.sha256(packed).hexdigest()
    return Step(
        f"files {path}",
        f'[ "$(cat {path}/.digest)" = {digest} ]',
        f"rm -rf {path}.new {path}.old; mkdir -m 755 {path}.new; "
        f"echo {base64.b64encode(packed).decode()} | base64 -d | tar -xz -C {path}.new; "
        f"echo {digest} >{path}.new/.digest; if test -e {path}; then mv {path} {path}.old; fi; "
        f"mv {path}.new {path}; rm -rf {path}.old; {then}",
    )


def tar(contents: Mapping[str, str]) -> bytes:
    """Return a reproducible archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in sorted(contents.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            entry.mode = 0o755 if text.startswith("#!") else 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def digest(texts: Iterable[str]) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
