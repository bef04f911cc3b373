"""The lock files match the .in files and each other.

These tests need no network; `make lock-check` also queries the package index.
"""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "requirements"
LOCKS = ["common", "prod", "heroku", "docker", "dev", "docs"]
# A lock file, and the larger one that must include all of it.
INCLUSIONS = [("common", "prod"), ("prod", "heroku"), ("prod", "docker"), ("prod", "dev")]
# pip's options for an index or a directory, short and long, a URL, or a path.
LOCATION = re.compile(
    r"^\s*(-[if]\b|--(extra|index|find)-)|https?://|file:|(^|[\s\"'=])/\w", re.MULTILINE
)


def required(name: str) -> list[Requirement]:
    """Return the requirements of an .in file and of the files that it includes."""
    requirements: list[Requirement] = []
    for line in (FOLDER / f"{name}.in").read_text().splitlines():
        if line.startswith("-r "):
            requirements += required(line.removeprefix("-r ").removesuffix(".in"))
        elif line and not line.startswith("#"):
            requirements.append(Requirement(line))
    return requirements


def pins(text: str) -> dict[str, str]:
    """Return the version of each package in a lock file."""
    found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def lock(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text()


def unhashed(text: str) -> list[str]:
    """Return the pins without a hash."""
    entries = text.replace("\\\n", " ").splitlines()
    return [
        line for line in entries if line and line[0] not in "#-" and "--hash=sha256:" not in line
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_to_a_version_that_satisfies_it(name: str) -> None:
    pinned = pins(lock(name))

    missing = [
        str(requirement)
        for requirement in required(name)
        if not requirement.specifier.contains(
            pinned.get(canonicalize_name(requirement.name), "0.dev0"), prereleases=False
        )
    ]

    assert missing == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_hashed(name: str) -> None:
    assert unhashed(lock(name)) == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_location(name: str) -> None:
    """The package index is a setting of each machine."""
    assert LOCATION.findall(lock(name) + (FOLDER / f"{name}.in").read_text()) == []


@pytest.mark.parametrize(("smaller", "larger"), INCLUSIONS)
def test_locks_agree(smaller: str, larger: str) -> None:
    assert pins(lock(smaller)).items() <= pins(lock(larger)).items()


def test_locks_of_the_docs_and_the_tests_agree_on_what_both_need() -> None:
    docs, dev = pins(lock("docs")), pins(lock("dev"))

    assert {name: docs[name] for name in docs.keys() & dev} == {
        name: dev[name] for name in docs.keys() & dev
    }


def test_every_requirements_file_is_checked() -> None:
    files = {path.name for path in FOLDER.iterdir()}

    assert files == {f"{name}.{suffix}" for name in LOCKS for suffix in ("in", "txt")}


def test_top_level_requirements_are_those_of_heroku() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["-r requirements/heroku.txt"]


def test_pin_without_hash_is_found() -> None:
    text = "flask==3.1.3 \\\n    --hash=sha256:00\n# a comment\nclick==8.5.1\n"

    assert unhashed(text) == ["click==8.5.1"]
    assert pins(text) == {"flask": "3.1.3", "click": "8.5.1"}


@pytest.mark.parametrize(
    "text",
    [
        "-i packages",
        "-f wheels",
        "# uv pip compile /home/me/flasky/dev.in",
        "nh3 @ file:///home/me/nh3.whl",
    ],
    ids=["index", "folder of wheels", "path in the header", "local wheel"],
)
def test_location_is_found(text: str) -> None:
    assert LOCATION.search(text)
