"""bin/lock compiles and checks the lock files, and explains why it cannot."""

import pytest

from tests.template.bin.conftest import Clone

OFFLINE = "#!/bin/sh\necho 'error: Failed to fetch: dns error' >&2\nexit 2\n"
CONFLICT = "#!/bin/sh\necho 'Because click<8 and flask needs click>=8' >&2\nexit 1\n"
# The last argument is the lock file to write; this adds a package that no .in file names.
NEWER = '#!/bin/sh\nfor last; do :; done\necho "new==1" >>"$last"\n'


@pytest.mark.parametrize(
    ("uv", "arguments", "ci", "code", "sentence"),
    [
        pytest.param(OFFLINE, ["--check"], "", 0, "Skipped the check", id="offline"),
        pytest.param(OFFLINE, ["--check"], "true", 1, "cannot be reached", id="offline-on-ci"),
        pytest.param(OFFLINE, [], "", 1, "cannot be reached", id="offline-but-must-write"),
        pytest.param(CONFLICT, ["--check"], "", 1, "which packages conflict", id="conflict"),
        pytest.param(NEWER, ["--check"], "", 1, "run 'make lock'", id="out-of-date"),
        pytest.param("#!/bin/sh\n", ["--check"], "", 0, "The lock files match", id="up-to-date"),
        pytest.param(NEWER, [], "", 0, "Compiled", id="compile"),
    ],
)
def test_outcome_is_reported(
    clone: Clone, uv: str, arguments: list[str], ci: str, code: int, sentence: str
) -> None:
    clone.install_tool("uv", uv)

    result = clone.run("bin/lock", *arguments, CI=ci)

    assert sentence in result.stdout
    assert result.returncode == code


def test_check_changes_nothing(clone: Clone) -> None:
    clone.install_tool("uv", NEWER)
    lock = clone.path / "requirements/common.txt"
    before = lock.read_text()

    clone.run("bin/lock", "--check")
    assert lock.read_text() == before

    clone.run("bin/lock")
    assert lock.read_text() == before + "new==1\n"


def test_missing_uv_is_named(clone: Clone) -> None:
    result = clone.run("bin/lock")

    assert "uv is missing: run 'make venv' first" in result.stdout
    assert result.returncode == 1
