"""What the processes of a unit listen on, for the message that it is the wrong address."""

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .paths import call
from .processes import members, systemctl

LISTENING = "0A"  # of /proc/net/tcp
ACCEPTS = 0x10000  # flag in /proc/net/unix


def listeners(unit: str) -> list[str]:
    """Return the addresses on which the processes of a unit listen, such as 0.0.0.0:8000."""
    inodes = set(sockets(unit))
    return sorted(address for inode, address in all_listeners() if inode in inodes)


def sockets(unit: str) -> Iterator[str]:
    """Yield the inodes of all sockets of a unit's processes."""
    main_pid = call(systemctl("show", "--value", "--property=MainPID", unit)).strip()
    for process in members(main_pid):
        with suppress(OSError):  # it has just exited
            for file in (process / "fd").iterdir():
                with suppress(OSError):
                    target = str(file.readlink())
                    if target.startswith("socket:["):
                        yield target[8:-1]


def all_listeners() -> Iterator[tuple[str, str]]:
    """Yield inode and address of everything on this machine that listens."""
    for name in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):  # there may be no IPv6
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING:
                    yield fields[9], tcp_address(fields[1])
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and int(fields[3], 16) & ACCEPTS:
            yield fields[6], fields[7]


def tcp_address(text: str) -> str:
    """Return an address of /proc/net/tcp in the usual notation."""
    address, port = text.split(":")
    # Words of four bytes in the byte order of the machine.
    words = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    host = socket.inet_ntop(family, packed)
    return f"{f'[{host}]' if ':' in host else host}:{int(port, 16)}"
