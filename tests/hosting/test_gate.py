"""An ssh key opens one app to git and to hosting's own words, and to nothing else."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .hosted import Hosted

AT_ONCE = 4  # sshd turns some away where ten come at once
REFUSED = ("and to nothing else.", "The server could not do it: ")
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
    "another app": ["git-receive-pack 'flasky'"],
    "a path": ["git-receive-pack '/srv/flasky/repo.git'"],
    "a path upwards": ["git-receive-pack 'tiny/../flasky'"],
    "archive": ["git-upload-archive 'tiny'"],
    "open quote": ["git-receive-pack 'tiny"],
    "unknown verb": ["hosting 1 perform 1"],
    "init": ["hosting 1 init"],
    "verb and more": ["hosting 1 releases; id"],
    "verb with too little": ["hosting 1 logs"],
    "verb without a word": ["hosting 1 maintenance"],
    "verb without its input": ["hosting 1 config set"],
    "no number": ["hosting 1 rollback $(id)"],
    "variables": ["PATH=/tmp hosting 1 hello"],
    "scp": ["scp -t /tmp"],
    "sftp-server": ["/usr/lib/openssh/sftp-server"],
}


def ssh(
    hosted: Hosted, *words: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    known = hosted.laptop.home / ".config/hosting/known_hosts"
    command = ["ssh", "-i", str(hosted.laptop.key), "-o", f"UserKnownHostsFile={known}"]
    command += ["-o", "BatchMode=yes", "-p", str(hosted.server.ports[22]), *options]
    return subprocess.run(
        [*command, f"{hosted.name}@127.0.0.1", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def survived(done: subprocess.CompletedProcess[str]) -> bool:
    """Tell whether an attack was refused, with one sentence, and nothing was run."""
    said = done.stdout + done.stderr
    is_refused = done.returncode == 1 and any(words in done.stderr for words in REFUSED)
    return is_refused and "uid=" not in said and "Traceback" not in said


def test_gate_refuses(tiny: Hosted) -> None:
    with ThreadPoolExecutor(AT_ONCE) as attackers:
        answers = attackers.map(lambda words: ssh(tiny, *words), ATTACKS.values())
        found = dict(zip(ATTACKS, answers, strict=True))

    assert {name: done for name, done in found.items() if not survived(done)} == {}
    assert len(found) == len(ATTACKS)


def test_gate_lets_hosting_in_and_nothing_of_its_environment(tiny: Hosted) -> None:
    poison = ("-o", "SetEnv=LC_ALL=$(id) GIT_DIR=/tmp PYTHONPATH=/tmp")

    done = ssh(tiny, "hosting", "1", "run", "env", options=poison)

    assert done.returncode == 0
    assert "PYTHONPATH" not in done.stdout
    assert "GIT_DIR" not in done.stdout
    assert "SSH_" not in done.stdout


def test_no_terminal_is_given(tiny: Hosted) -> None:
    done = ssh(tiny, "hosting", "1", "run", "tty", options=("-tt",))

    assert "PTY allocation request failed" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("forward", [("-W", "127.0.0.1:22"), ("-R", "0:127.0.0.1:22")])
def test_no_port_is_forwarded(tiny: Hosted, forward: tuple[str, str]) -> None:
    done = ssh(tiny, options=(*forward, "-o", "ExitOnForwardFailure=yes"))

    assert done.returncode == 255
    assert "SSH-2.0" not in done.stdout


def test_sftp_is_refused(tiny: Hosted) -> None:
    done = ssh(tiny, "sftp", options=("-s",))

    assert (done.returncode, done.stdout) == (1, "")


def test_another_version_is_told_what_to_do(tiny: Hosted) -> None:
    done = ssh(tiny, "hosting", "99", "hello")

    assert done.returncode == 1
    assert (
        "speaks version 1 of hosting and your copy 99: run `python -m hosting setup" in done.stderr
    )


def test_revoked_key_is_refused(tiny: Hosted, tmp_path: Path) -> None:
    laptop = tiny.laptop
    key = tmp_path / "second"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_name("second.pub").read_text()
    login = ["login", f"tiny@127.0.0.1:{tiny.server.ports[22]}"]
    login += ["--identity", str(key), "--region", "second"]

    stranger = laptop.hosting(*login, check=False)
    laptop.hosting("keys", "add", "ben", said=public)
    known = laptop.hosting(*login)
    try:
        again = laptop.hosting(*login)
        laptop.hosting("keys", "remove", "ben", "--region", "sjc")
        revoked = laptop.hosting("status", "--region", "second", check=False)
    finally:
        laptop.hosting("logout", "--region", "second")

    assert stranger.returncode == 1
    assert "does not let this key in" in stranger.stdout
    assert "Logged in to tiny at second." in known.stdout
    assert "Already logged in to tiny at second." in again.stdout
    assert revoked.returncode == 1
    assert "does not let this key in" in revoked.stdout
    regions = laptop.home / ".config/hosting/regions.json"
    assert regions.stat().st_mode & 0o777 == 0o600


def test_changed_host_key_is_a_hard_stop(tiny: Hosted) -> None:
    known = tiny.laptop.home / ".config/hosting/known_hosts"
    pinned = known.read_text()
    key = tiny.laptop.home / "key.pub"
    host = pinned.split()[0]
    known.write_text(f"{host} {' '.join(key.read_text().split()[:2])}\n")
    try:
        done = tiny.laptop.hosting("status", check=False)
    finally:
        known.write_text(pinned)

    assert done.returncode == 1
    assert done.stdout.startswith("Error: STOP: 127.0.0.1 shows another host key")


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosting-tiny")]
