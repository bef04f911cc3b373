"""bin/run installs, prepares and starts the site."""

import socket

import pytest

from tests.template.bin.conftest import Clone


@pytest.fixture
def ready_clone(clone: Clone) -> Clone:
    clone.run("bin/venv", "common")
    return clone


def flask_commands(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("flask ")]


def test_database_is_updated_and_filled_before_the_server_starts(ready_clone: Clone) -> None:
    result = ready_clone.run(
        "bin/run", PORT="5987", FLASK_CONFIG="production", FLASK_APP="flasky.py"
    )

    end = "manage.py development http://localhost:5987"
    assert flask_commands(result.stdout) == [
        f"flask deploy {end}",
        f"flask demo seed --if-empty {end}",
        f"flask run --debug --port 5987 {end}",
    ]
    assert "Open http://localhost:5987 in a browser. Ctrl-C stops the site." in result.stdout


def test_url_does_not_lead_to_another_program_with_ipv6(ready_clone: Clone) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        result = ready_clone.run("bin/run", PORT=str(port))

    assert f"Open http://127.0.0.1:{port} in a browser." in result.stdout


def test_site_is_not_started_after_a_failed_step(ready_clone: Clone) -> None:
    result = ready_clone.run("bin/run", PORT="5987", FLASK_FAILS="deploy")

    assert result.returncode == 1
    assert len(flask_commands(result.stdout)) == 1


def test_port_in_use_is_named(ready_clone: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = ready_clone.run("make", "run", f"PORT={port}")

    assert f"Port {port} is in use. Stop the program that uses it" in result.stdout
    assert "make run PORT=" in result.stdout
    assert result.returncode != 0
    assert flask_commands(result.stdout) == []


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "5000x", "050"])
def test_invalid_port_is_refused(ready_clone: Clone, port: str) -> None:
    result = ready_clone.run("bin/run", PORT=port)

    assert f"PORT={port} is not a port." in result.stdout
    assert result.returncode == 1
