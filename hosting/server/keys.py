"""Who may deploy: ssh keys, each tied to the gate and to a name."""

import re
import sys

from .places import App, Misused, Refused, write
from .table import table

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+|sk-\S+@openssh\.com) [A-Za-z0-9+/=]+")


def line(app: App, name: str, key: str) -> str:
    """Return the line that lets a key in, and through the gate alone."""
    # Without `exec` a shell would stay between sshd and the gate, which asks whether sshd is gone.
    gate = f"exec /usr/bin/python3 -I {app.root}/hosting gate {name}"
    return f'restrict,command="{gate}" {key} {name}\n'


def command(app: App, words: list[str]) -> int:
    """`keys list`, `keys add NAME` with the key on stdin, `keys remove NAME`."""
    lines = app.keys.read_text().splitlines(keepends=True)
    names = [each.split()[-1] for each in lines]
    others = [each for each in lines if each.split()[-1] != words[-1]]
    match words:
        case ["list"]:
            print(table([[each.split()[-1], each.split()[-3]] for each in lines]), end="")
        case ["add", name] if NAME.fullmatch(name):
            found = KEY.match(sys.stdin.read(10_000))
            if not found:
                raise Refused("That is no public key: it begins with ssh-ed25519, ssh-rsa, ecdsa…")
            write(app.keys, "".join([*others, line(app, name, found[0])]))
            app.audit(f"keys: added {name}")
            print(f"{name} may deploy {app.name}.")
        case ["add", _name]:
            raise Misused("A key has a name of letters, digits and . _ @ -, and no spaces.")
        case ["remove", name] if name in names:
            if not others:
                raise Refused(f"{name} is the last key, and without it nobody could deploy.")
            write(app.keys, "".join(others))
            app.audit(f"keys: removed {name}")
            print(f"{name} may not deploy {app.name} any more.")
        case _:
            raise Refused("There is no such key. `hosting keys list` names all.")
    return 0
