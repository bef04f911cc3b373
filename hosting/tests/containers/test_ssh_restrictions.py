"""An ssh key gives access to git and hosting's commands for one app, and to nothing else."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .hosted_app import HostedApp

CONCURRENT = 4  # sshd drops some of ten concurrent connections
REFUSALS = ("This key is restricted to `git push` and `hosting`", "The server failed: ")
ATTACKS = {
    "no command": [],
    "shell": ["sh"],
    "semicolon": ["git-receive-pack 'tiny'; id"],
    "and": ["git-receive-pack 'tiny' && id"],
    "substitution": ["git-receive-pack '$(id)'"],
    "backticks": ["git-receive-pack `id`"],
    "newline": ["git-receive-pack 'tiny'\nid"],
    "option": ["git-receive-pack '--help'"],
    "upload-pack": ["git-upload-pack --upload-pack=id 'tiny'"],
    "another app": ["git-receive-pack 'site'"],
    "a path": ["git-receive-pack '/srv/site/repo.git'"],
    "a parent path": ["git-receive-pack 'tiny/../site'"],
    "archive": ["git-upload-archive 'tiny'"],
    "open quote": ["git-receive-pack 'tiny"],
    "local command": ["hosting 1 deploy 1"],
    "init": ["hosting 1 init"],
    "backup by root": ["hosting 1 keep-backup"],
    "second command": ["hosting 1 releases; id"],
    "missing arguments": ["hosting 1 logs"],
    "missing argument": ["hosting 1 maintenance"],
    "missing input": ["hosting 1 config set"],
    "not a number": ["hosting 1 rollback $(id)"],
    "variables": ["PATH=/tmp hosting 1 hello"],
    "scp": ["scp -t /tmp"],
    "sftp-server": ["/usr/lib/openssh/sftp-server"],
}


def ssh(
    app: HostedApp, *words: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    known = app.workstation.home / ".config/hosting/known_hosts"
    command = ["ssh", "-i", str(app.workstation.key), "-o", f"UserKnownHostsFile={known}"]
    command += ["-o", "BatchMode=yes", "-p", str(app.server.ports[22]), *options]
    return subprocess.run(
        [*command, f"{app.name}@127.0.0.1", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",  # a variable may hold any bytes
        check=False,
        timeout=60,
    )


def is_refused(done: subprocess.CompletedProcess[str]) -> bool:
    """Return True if an attack was refused with one sentence, and nothing was run."""
    output = done.stdout + done.stderr
    explained = done.returncode == 1 and any(text in done.stderr for text in REFUSALS)
    return explained and "uid=" not in output and "Traceback" not in output


def test_other_commands_are_refused(tiny: HostedApp) -> None:
    with ThreadPoolExecutor(CONCURRENT) as pool:
        results = pool.map(lambda words: ssh(tiny, *words), ATTACKS.values())
        done = dict(zip(ATTACKS, results, strict=True))

    assert {name: one for name, one in done.items() if not is_refused(one)} == {}
    assert len(done) == len(ATTACKS)


def test_environment_of_the_client_is_not_passed_on(tiny: HostedApp) -> None:
    variables = ("-o", "SetEnv=LC_ALL=$(id) GIT_DIR=/tmp PYTHONPATH=/tmp")

    done = ssh(tiny, "hosting", "1", "run", "env", options=variables)

    assert done.returncode == 0
    assert "PYTHONPATH" not in done.stdout
    assert "GIT_DIR" not in done.stdout
    assert "SSH_" not in done.stdout


def test_terminal_is_no_way_around_the_agent(tiny: HostedApp) -> None:
    for words in ([], ["sh"]):
        done = ssh(tiny, *words, options=("-tt",))

        assert done.returncode == 1
        assert REFUSALS[0] in done.stdout


@pytest.mark.parametrize("forward", [("-W", "127.0.0.1:22"), ("-R", "0:127.0.0.1:22")])
def test_no_port_is_forwarded(tiny: HostedApp, forward: tuple[str, str]) -> None:
    done = ssh(tiny, options=(*forward, "-o", "ExitOnForwardFailure=yes"))

    assert done.returncode == 255
    assert "SSH-2.0" not in done.stdout


def test_sftp_is_refused(tiny: HostedApp) -> None:
    done = ssh(tiny, "sftp", options=("-s",))

    assert (done.returncode, done.stdout) == (1, "")


def test_other_protocol_version_is_refused(tiny: HostedApp) -> None:
    done = ssh(tiny, "hosting", "99", "hello")

    assert done.returncode == 1
    assert "has protocol version 1 of hosting, your copy has 99" in done.stderr
    assert "hosting setup root@HOST --app tiny" in done.stderr


def test_removed_key_is_refused(tiny: HostedApp, tmp_path: Path) -> None:
    workstation = tiny.workstation
    key = tmp_path / "second"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_name("second.pub").read_text()
    login = ["login", f"tiny@127.0.0.1:{tiny.server.ports[22]}"]
    login += ["--identity", str(key), "--region", "second"]

    unknown = workstation.hosting(*login, check=False)
    workstation.hosting("keys", "add", "ben", stdin=public)
    known = workstation.hosting(*login)
    try:
        again = workstation.hosting(*login)
        workstation.hosting("keys", "remove", "ben", "--region", "fra")
        removed = workstation.hosting("status", "--region", "second", check=False)
    finally:
        workstation.hosting("logout", "--region", "second")

    assert unknown.returncode == removed.returncode == 1
    assert "does not accept your ssh key" in unknown.stdout
    assert "Logged in to tiny at second." in known.stdout
    assert "Already logged in to tiny at second." in again.stdout
    assert "does not accept your ssh key" in removed.stdout


def test_changed_host_key_is_an_error(tiny: HostedApp) -> None:
    known = tiny.workstation.home / ".config/hosting/known_hosts"
    saved = known.read_text()
    key = " ".join(tiny.workstation.public_key.split()[:2])
    known.write_text(f"{saved.split()[0]} {key}\n")
    try:
        done = tiny.workstation.hosting("status", check=False)
    finally:
        known.write_text(saved)

    assert done.returncode == 1
    assert done.stdout.startswith("Error: STOP: the host key of 127.0.0.1 has changed.")
