"""Domains: validation, and certbot's command line."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from hosting import certificates, servers
from hosting.cli import main
from hosting.servers import Server


@pytest.mark.parametrize(
    "arguments",
    [
        ["localhost"],
        ["203.0.113.5"],
        ["--", "-blog.example.org"],
        ["*.example.org"],
        ["blog.example.org; reboot"],
        [f"{'a' * 64}.example.org"],
        [f"{'long.' * 50}example.org"],
        ["blog.example.org\n"],
        ["blog.example.org", "--also", "example.org;"],
        ["--email", "ann", "blog.example.org"],
        ["--email", "-x@example.org", "blog.example.org"],
        ["--email", "ann@example.org\n", "blog.example.org"],
    ],
)
def test_invalid_domain_or_email_is_a_usage_error(arguments: list[str], home: Path) -> None:
    servers.add(Server("fra", "blog", "203.0.113.5"))

    done = CliRunner().invoke(main, ["domains", "add", *arguments])

    assert done.exit_code == 2
    assert " is not a valid " in done.output
    assert not (home / "hosting/known_hosts").exists()


def test_arguments_of_certbot_are_quoted() -> None:
    authority = "https://ca.example/it's; reboot"
    step = certificates.obtained("blog", ["a.example", "b.example"], authority, "ann@example.org")
    failed = "'' 'Some challenges have failed.' 'Ask for help'"

    done = subprocess.run(
        [
            "sh",
            "-ec",
            f"certbot() {{ printf '%s\\n' \"$@\" {failed}; return 1; }}; {step.command}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "certonly", "--webroot", "-w", "/var/www/acme", "-d", "a.example,b.example",
        "--cert-name", "blog", "--email", "ann@example.org", "--server", authority,
        "--key-type", "ecdsa", "--non-interactive", "--agree-tos", "--force-renewal",
        "--deploy-hook", "systemctl reload nginx",
        "a.example or b.example does not resolve to this server, or its port 80 is unreachable.",
    ]  # fmt: skip
