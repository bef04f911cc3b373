"""The agent's functions that need no server: manifest, settings, units, tables."""

from pathlib import Path

import pytest

from hosting.agent import manifest, processes, settings
from hosting.agent.manifest import Manifest
from hosting.agent.paths import CommandError
from hosting.agent.table import table


def test_manifest_is_optional(tmp_path: Path) -> None:
    assert manifest.read(tmp_path) == Manifest()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'blog'\n")
    assert manifest.read(tmp_path) == Manifest("/", "", {})


def test_manifest_is_read_from_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.hosting]\nhealth-check = '/up'\nrelease-header = 'X-Release'\nenv = {A = 'b'}\n"
    )

    assert manifest.read(tmp_path) == Manifest("/up", "X-Release", {"A": "b"})


@pytest.mark.parametrize("text", ["[tool.hosting]\nhealth = '/'\n", "[tool.hosting\n"])
def test_invalid_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(CommandError, match="is invalid: "):
        manifest.read(tmp_path)


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
