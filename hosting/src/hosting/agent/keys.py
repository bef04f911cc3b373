"""The ssh keys that may deploy: each has a name and can only run the agent.

The app's user can read the list. Only root can change it.
"""

import re
import shutil
import sys

from .paths import App, CommandError, UsageError, write
from .table import table

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+|sk-\S+@openssh\.com) [A-Za-z0-9+/=]+")


def authorized_keys_line(app: App, name: str, key: str) -> str:
    """Return the line of authorized_keys that restricts a key to the agent."""
    # `exec`: the agent's parent must be sshd, not a shell. See processes.run_while_connected.
    agent = f"exec /usr/bin/python3 -I {app.root}/hosting dispatch {name}"
    return f'restrict,pty,command="{agent}" {key} {name}\n'


def listed(app: App, _arguments: list[str]) -> int:
    """`keys list`."""
    lines = app.authorized_keys.read_text().splitlines()
    print(table([[line.split()[-1], line.split()[-3]] for line in lines]), end="")
    return 0


def command(app: App, arguments: list[str]) -> int:
    """`keys add NAME` with the key on stdin, `keys remove NAME`. Needs root."""
    lines = app.authorized_keys.read_text().splitlines(keepends=True)
    names = [line.split()[-1] for line in lines]
    others = [line for line in lines if line.split()[-1] != arguments[-1]]
    match arguments:
        case ["add", name] if NAME.fullmatch(name):
            key = KEY.match(sys.stdin.read(10_000))
            if not key:
                raise CommandError(
                    "Standard input is not a public key: it starts with ssh-ed25519, ssh-rsa ..."
                )
            save(app, [*others, authorized_keys_line(app, name, key[0])])
            app.audit(f"keys: added {name}")
            print(f"Added key {name} to {app.name}.")
        case ["add", _name]:
            raise UsageError("A key name consists of letters, digits and . _ @ - only.")
        case ["remove", name] if name in names:
            if not others:
                raise CommandError(f"{name} is the only key: add another one first.")
            save(app, others)
            app.audit(f"keys: removed {name}")
            print(f"Removed key {name} from {app.name}.")
        case _:
            raise CommandError("No such key. List the keys: hosting keys list")
    return 0


def save(app: App, lines: list[str]) -> None:
    """Replace the list of keys."""
    new = app.authorized_keys.with_name("authorized_keys.new")
    write(new, "".join(lines))
    shutil.chown(new, group=app.name)  # sshd reads it as the app's user
    new.chmod(0o640)
    new.replace(app.authorized_keys)
