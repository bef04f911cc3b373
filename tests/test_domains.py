"""Names of hosted sites: what is typed, and what certbot is told. More is in tests/hosting/."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from hosting import certificates, regions
from hosting.cli import main
from hosting.regions import Region


@pytest.mark.parametrize(
    "words",
    [
        ["localhost"],
        ["203.0.113.5"],
        ["--", "-blog.example.org"],
        ["*.example.org"],
        ["blog.example.org; reboot"],
        [f"{'a' * 64}.example.org"],
        [f"{'long.' * 50}example.org"],
        ["blog.example.org\n"],
        ["--email", "ann", "blog.example.org"],
        ["--email", "-x@example.org", "blog.example.org"],
        ["--email", "ann@example.org\n", "blog.example.org"],
    ],
)
def test_what_cannot_be_a_name_or_an_address_is_a_wrong_use(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    regions.remember(Region("fra", "blog", "203.0.113.5"))

    done = CliRunner().invoke(main, ["domains", "add", *words])

    assert done.exit_code == 2
    assert " is no " in done.output


def test_words_for_certbot_stay_words() -> None:
    authority = "https://ca.example/it's; reboot"
    step = certificates.obtained("blog", "blog.example.org", authority, "ann@example.org")
    failed = "'' 'Some challenges have failed.' 'Ask for help'"

    said = subprocess.run(
        ["sh", "-ec", f"certbot() {{ printf '%s\\n' \"$@\" {failed}; return 1; }}; {step.do}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert said.stdout.splitlines() == [
        "certonly", "--webroot", "-w", "/var/www/acme", "-d", "blog.example.org",
        "--cert-name", "blog", "--email", "ann@example.org", "--server", authority,
        "--key-type", "ecdsa", "--non-interactive", "--agree-tos", "--force-renewal",
        "--deploy-hook", "systemctl reload nginx",
        "blog.example.org does not lead to this server, or not everybody reaches its port 80.",
    ]  # fmt: skip
