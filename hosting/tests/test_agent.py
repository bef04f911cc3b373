"""The agent's functions that need no server: manifest, settings, units, tables."""

import json
from pathlib import Path

import pytest

from hosting.agent import manifest, processes, settings
from hosting.agent.manifest import Manifest
from hosting.agent.paths import App, CommandError
from hosting.agent.releases import Release
from hosting.agent.table import table


def test_manifest_is_optional(tmp_path: Path) -> None:
    assert manifest.read(tmp_path) == Manifest()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'blog'\n")
    assert manifest.read(tmp_path) == Manifest()


def test_manifest_is_read_from_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.hosting]\nhealth-check = '/up'\nrelease-header = 'X-Release'\nenv = {A = 'b'}\n"
    )

    assert manifest.read(tmp_path) == Manifest(
        health_check="/up", release_header="X-Release", env={"A": "b"}
    )


def test_manifest_is_read_from_hosting_toml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nkey = 1\n")
    (tmp_path / "hosting.toml").write_text(
        "upload-size = 100\nstatic = { '/assets/' = 'public/built' }\n"
    )

    found = manifest.read(tmp_path)

    assert found == Manifest(upload_size=100, static={"/assets/": "public/built"})
    assert found.paths == ("/readyz", "/")


def test_two_manifests_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.hosting]\ntimeout = 5\n")
    (tmp_path / "hosting.toml").write_text("timeout = 5\n")

    with pytest.raises(CommandError, match="Keep one of them"):
        manifest.read(tmp_path)


INVALID = {
    "syntax": ("timeout = ", "is invalid: "),
    "unknown key": (
        "health = '/'",
        "unknown key `health`. Known are: buffering, build, ",
    ),
    "path": ("health-check = 'up'", "`health-check` must be a path such as /healthz, not 'up'"),
    "header in path": ("health-check = '/a HTTP/1.1\\r\\nX: 1'", "`health-check` must be"),
    "status": ("health-check-status = 500", "`health-check-status` must be a status from 200"),
    "too long": ("timeout = 601", "`timeout` must be a number of seconds from 1 to 600, not 601"),
    "boolean": ("timeout = true", "`timeout` must be"),
    "number for boolean": ("buffering = 1", "`buffering` must be true or false, not 1"),
    "size in words": ("upload-size = '5m'", "`upload-size` must be a number of megabytes"),
    "parent": ("directory = '../other'", "`directory` must be"),
    "absolute": ("directory = '/etc'", "`directory` must be"),
    "list": ("static = ['public']", "`static` must be a table"),
    "nginx in URL": ("static = { '/a/ { return 200; } #/' = 'a' }", "`static` must be"),
    "folder outside": ("static = { '/a/' = 'a/../../b' }", "`static` must be"),
    "number as variable": ("env = { A = 1 }", "`env` must be a table of variables"),
    "cron without command": ("cron = { tick = { schedule = 'daily' } }", "`cron` must be a table"),
    "name of a cron entry": (
        "cron = { '../a' = { schedule = 'daily', command = 'true' } }",
        "`cron` must be",
    ),
    "python": ("python = 3.12", "`python` must be a version such as"),
}


@pytest.mark.parametrize(("text", "message"), INVALID.values(), ids=INVALID)
def test_invalid_manifest_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "hosting.toml").write_text(text)

    with pytest.raises(CommandError) as error:
        manifest.read(tmp_path)

    assert str(error.value).startswith("hosting.toml is invalid: ")
    assert message in str(error.value)


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs/application.md").read_text()

    for key in manifest.RULES:
        assert f"| `{key.replace('_', '-')}` |" in page


def test_unchanged_variable_keeps_its_age() -> None:
    old = {"variables": {"A": {"value": "1", "since": 5}}, "scale": {"web": 2}}

    new = settings.apply(old, {"set": {"A": "1", "B": "2"}, "scale": {"worker": 1}})

    assert new["variables"]["A"]["since"] == 5
    assert settings.values(new) == {"A": "1", "B": "2"}
    assert new["scale"] == {"web": 2, "worker": 1}


@pytest.mark.parametrize("change", [{"set": {"A-B": "1"}}, {"set": {"A": "\0"}}, {"unset": ["A"]}])
def test_invalid_change_is_an_error(change: dict[str, object]) -> None:
    with pytest.raises(CommandError):
        settings.apply({"variables": {}, "scale": {}}, change)


def test_values_are_masked_in_output() -> None:
    assert settings.mask("a=hunter22 b=true", ["hunter22", "true"]) == "a=[hidden] b=true"
    assert settings.mask("x line-two", ["line-one\nline-two"]) == "x [hidden]"


def test_connections_are_counted_without_the_listening_socket() -> None:
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000: 00000002 00000000 00010000 0001 01 1 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 2 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 02 3 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 4 /srv/blog/run/17.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 5\n"
    )
    assert processes.connections(Path("/srv/blog/run/7.sock"), table) == 2


def test_unit_names_can_be_parsed() -> None:
    assert processes.unit("web", 12, 1) == "process-web@12-1.service"
    assert processes.parse_unit("process-web@12-1.service") == ("web", 12, 1)


def test_table_columns_are_aligned() -> None:
    assert table([["a", "long", ""], ["bcd", "e", "f"]]) == "a    long\nbcd  e     f\n"
    assert table([]) == ""


def release(root: Path, web: str, variables: dict[str, str]) -> Release:
    """Return a release with files that determine its environment."""
    one = Release(App(root), 7)
    one.src.mkdir(parents=True)
    (one.src / "Procfile").write_text(f"web: {web}\n")
    (root / "site.json").write_text('{"domain": "blog.example", "variables": {}}')
    entries = {name: {"value": value} for name, value in variables.items()}
    one.settings.write_text(json.dumps({"variables": entries}))
    one.update(port=10_007)
    return one


def test_gunicorn_gets_a_socket_and_the_users_arguments(tmp_path: Path) -> None:
    one = release(tmp_path, "gunicorn app:app", {"GUNICORN_CMD_ARGS": "--threads 4"})

    environment = processes.environment(one)

    assert environment["GUNICORN_CMD_ARGS"] == f"--threads 4 --bind unix:{tmp_path}/run/7.sock"
    assert environment["PORT"] == "10007"


def test_gunicorn_with_reuse_port_gets_the_port_only(tmp_path: Path) -> None:
    one = release(tmp_path, "gunicorn app:app", {})
    (one.src / "gunicorn.conf.py").write_text("reuse_port = True\n")

    assert "GUNICORN_CMD_ARGS" not in processes.environment(one)
