"""ssh and git command lines, and explanations of ssh's errors."""

import subprocess
from pathlib import Path

import pytest

from hosting import deploy, ssh
from hosting.servers import Server

FRA = Server("fra", "blog", "203.0.113.5", 2222, "/home/ann/key")


def test_ssh_accepts_verified_hosts_only_and_never_prompts(home: Path) -> None:
    assert ssh.agent(FRA, "run", "echo", "a b;c") == [
        "ssh", "-T", "-i", "/home/ann/key", "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15",
        "-o", f'UserKnownHostsFile="{home}/hosting/known_hosts"',
        "-o", "GlobalKnownHostsFile=/dev/null", "-p", "2222", "blog@203.0.113.5",
        "hosting 1 run echo 'a b;c'",
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["203.0.113.5", "example.org", "2001:db8::5"])
def test_git_connects_to_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    subprocess.run(["git", "init", "-q", str(home)], check=True)
    monkeypatch.chdir(home)
    monkeypatch.setenv("GIT_SSH_COMMAND", "echo >&2 git-ssh")
    deploy.add_remote(Server("fra", "blog", host, 2222))

    pushed = subprocess.run(
        ["git", "ls-remote", "fra"], capture_output=True, text=True, check=False
    )

    assert "git-ssh" in pushed.stderr
    assert f"-p 2222 blog@{host} git-upload-pack '/blog'" in pushed.stderr


def test_push_updates_main() -> None:
    assert ssh.push(FRA) == ["git", "push", "fra", "HEAD:refs/heads/main"]
    assert ssh.push(FRA, force=True)[2] == "--force"


@pytest.mark.parametrize(
    ("message", "explanation"),
    [
        ("@@ REMOTE HOST IDENTIFICATION HAS CHANGED! @@", "STOP: the host key of 203.0.113.5"),
        ("ann: Permission denied (publickey).", "203.0.113.5 does not accept your ssh key."),
        ("connect: Connection refused", "203.0.113.5 refuses connections on port 2222."),
        ("kex failed", "Cannot connect to 203.0.113.5: kex failed"),
    ],
)
def test_errors_of_ssh_are_explained(message: str, explanation: str) -> None:
    assert ssh.explain(message, FRA).startswith(explanation)
