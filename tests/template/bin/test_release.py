"""`make release` dates the changelog and creates a tag."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.template.projects import Repository

CHANGELOG = """# Changelog

## Unreleased

### Added

- One thing

## 1.1.0 – 2026-01-01

- Another thing
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    result = Repository(tmp_path)
    result.write("CHANGELOG.md", CHANGELOG)
    result.write("UPGRADING.md", "# Upgrading\n\n## Unreleased\n")
    result.write("bin/release", (ROOT / "bin/release").read_text())
    result.write(".gitignore", ".venv\n")
    (tmp_path / "bin/release").chmod(0o755)
    result.git("init", "--quiet")
    result.commit("All")
    return result


def test_release_is_dated_committed_and_tagged(repository: Repository) -> None:
    done = repository.run("bin/release", "1.2.0")

    assert done.returncode == 0, done.stdout
    assert "git push --atomic origin HEAD v1.2.0" in done.stdout
    assert re.search(
        r"^## Unreleased\n\n## 1\.2\.0 – \d{4}-\d\d-\d\d\n\n### Added$",
        repository.read("CHANGELOG.md"),
        re.MULTILINE,
    )
    assert repository.read("UPGRADING.md").endswith("## Unreleased\n")
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("log", "-1", "--format=%s %D").endswith("tag: v1.2.0\n")
    message = repository.git("tag", "--list", "--format=%(contents)", "v1.2.0")
    assert message.strip() == "Version 1.2.0\n\n### Added\n\n- One thing"


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("", "VERSION= is not a version. Choose one: make release VERSION=1.2.0"),
        ("v1.2", "VERSION=v1.2 is not a version"),
        ("1.2.0", "v1.2.0 exists already"),
        ("1.3.0", 'CHANGELOG.md has no changes under "## Unreleased"'),
    ],
)
def test_impossible_release_is_refused(
    repository: Repository, version: str, sentence: str
) -> None:
    repository.run("bin/release", "1.2.0")
    before = repository.state()

    done = repository.run("bin/release", version)

    assert sentence in done.stdout
    assert done.returncode == 1
    assert repository.state() == before


def test_uncommitted_changes_are_not_released(repository: Repository) -> None:
    repository.write("new.txt", "")
    before = repository.state()

    done = repository.run("bin/release", "1.2.0")

    assert "Commit or stash your changes first." in done.stdout
    assert repository.state() == before
