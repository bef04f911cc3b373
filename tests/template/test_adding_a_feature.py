"""docs/adding-a-feature.md works: its blocks are applied to a copy, whose tests pass."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.template.projects import Repository, template_repository

pytestmark = [pytest.mark.fresh, pytest.mark.xdist_group("feature")]

PAGE = ROOT / "docs/adding-a-feature.md"
BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`(?:, (?P<place>after|before|instead of|below the head) "
    r"`(?P<line>[^\n]+)`)?:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MESSAGE = re.compile(r'^(msgid ".*"\nmsgstr )(".+")$', re.MULTILINE)
# New tests, and those that run over all pages, endpoints, tables and texts.
SAMPLE = [
    *("tests/models/test_bookmark.py", "tests/main/test_bookmarks.py"),
    *("tests/api/test_bookmarks.py", "tests/api/test_permissions.py", "tests/api/test_openapi.py"),
    *("tests/models/test_schema.py", "tests/models/test_role.py", "tests/requests"),
    *("tests/translations", "tests/template/test_architecture.py", "tests/template/test_docs.py"),
    *("tests/template/test_page_rules.py", "tests/test_parts.py"),
]
# The length of files that the page does not change.
LENGTH = "tests/template/test_architecture.py::test_python_files_follow_the_rule[long_file]"


@dataclass(frozen=True)
class Block:
    path: str | None
    place: str | None
    line: str | None
    kind: str
    text: str


def blocks() -> list[Block]:
    found = [Block(**match.groupdict()) for match in BLOCK.finditer(PAGE.read_text())]
    assert len(found) == PAGE.read_text().count("\n```") // 2
    return found


def run(project: Repository, commands: str) -> None:
    for command in commands.splitlines():
        words = command.removeprefix("$ ")
        if words.startswith("make "):
            words = words.replace("make ", "make --old-file=venv ")
        done = project.run("bash", "-c", words)
        assert done.returncode == 0, done.stdout


def apply(project: Repository, block: Block) -> None:
    assert block.path is not None, block
    if block.kind == "po":
        text = project.read(block.path)
        for start, translation in MESSAGE.findall(block.text):
            assert f'{start}""\n' in text, start
            text = text.replace(f'{start}""\n', f"{start}{translation}\n")
        project.write(block.path, text)
    elif block.line is None:
        assert not (project.path / block.path).exists(), block.path
        project.write(block.path, block.text)
    else:
        lines = project.read(block.path).splitlines(keepends=True)
        [index] = [i for i, line in enumerate(lines) if line.strip() == block.line.strip()]
        first, last = {
            "after": (index + 1, index + 1),
            "before": (index, index),
            "instead of": (index, index + 1),
            "below the head": (index + 2, index + 2),
        }[str(block.place)]
        lines[first:last] = [block.text]
        project.write(block.path, "".join(lines))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy of the repository to which the page was applied, without its last commands."""
    result = template_repository(tmp_path_factory.mktemp("project"))
    *steps, check = blocks()
    assert check.text == "$ make format\n$ make check\n$ make db-check\n"
    for block in steps:
        if block.kind == "console":
            run(result, block.text)
        else:
            apply(result, block)
    run(result, "$ make format\n$ make db-check")
    return result


def test_result_passes_lint(project: Repository) -> None:
    run(project, "$ .venv/bin/ruff check .\n$ .venv/bin/mypy\n$ .venv/bin/lint-imports")


def test_result_passes_its_tests(project: Repository) -> None:
    options = ["-q", "-n0", "-m", "not postgresql", f"--deselect={LENGTH}"]
    done = project.python("-m", "pytest", *options, *SAMPLE)

    assert done.returncode == 0, done.stdout


def test_api_describes_the_new_endpoints(project: Repository, tmp_path: Path) -> None:
    program = (
        "from app import create_app\n"
        "print(sorted(create_app('development').test_client().get('/api/v1/openapi.json')"
        ".get_json()['paths']))"
    )

    output = project.python("-c", program).stdout

    assert "'/me/bookmarks/'" in output, output
    assert "'/me/bookmarks/{id}'" in output
