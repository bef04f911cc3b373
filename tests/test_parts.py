"""What belongs to a part of bin/parts.toml is in its files, or has marks: see bin/remove.py."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest
import remove

from tests.support.repository import ROOT, files

MARK = re.compile(r"\b(\w+)-only\b(?:: (begin|end))?")
CHECKED = ("app", "config.py", "envconfig", "gunicorn.conf.py", "manage.py")


def all_parts() -> list[remove.Part]:
    return list(remove.read_parts(ROOT).values())


@pytest.fixture(params=all_parts(), ids=lambda part: part.name)
def part(request: pytest.FixtureRequest) -> remove.Part:
    part: remove.Part = request.param
    return part


def remaining(part: remove.Part) -> Iterator[tuple[PurePath, str]]:
    """Yield the files of the application, as they are without the part."""
    for path in files():
        is_code = path.parts[0] in CHECKED and path.suffix in {".py", ".html", ".txt", ".js"}
        is_replaced = (ROOT / f"{path}.without-{part.name}").exists()
        if is_code and not is_replaced and not part.has(str(path)):
            yield path, part.without((ROOT / path).read_text())


def removed_modules(part: remove.Part) -> set[str]:
    paths = [path for path in files() if path.suffix == ".py" and part.has(str(path))]
    return {".".join(path.with_suffix("").parts) for path in paths}


def imported_modules(path: PurePath, text: str) -> Iterator[str]:
    """Yield what a module imports, as absolute names."""
    package = list(path.parts[:-1])
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_pattern_matches_a_file(part: remove.Part) -> None:
    paths = [str(path) for path in files()]

    for pattern in part.files:
        one = remove.Part(part.name, part.about, (pattern,))
        assert any(one.has(path) for path in paths), pattern


def test_nothing_imports_a_module_of_the_part(part: remove.Part) -> None:
    removed = removed_modules(part)

    imports = [
        f"{path} imports {module}"
        for path, text in remaining(part)
        if path.suffix == ".py"
        for module in imported_modules(path, text)
        if module in removed
    ]

    assert imports == []


def test_nothing_uses_a_name_of_the_part(part: remove.Part) -> None:
    uses = re.compile(part.uses or "(?!)")

    found = [
        f"{path}:{number} {line.strip()}"
        for path, text in remaining(part)
        for number, line in enumerate(text.splitlines(), 1)
        if uses.search(line)
    ]

    assert found == []


def test_marks_name_a_part_and_come_in_pairs() -> None:
    known = {part.name for part in all_parts()}
    for path in files():
        if path.parts[1:2] == ("template",):  # examples of marks
            continue
        text = remove.read_text(str(ROOT / path)) or ""
        opened: list[str] = []
        for name, kind in MARK.findall(text):
            if name not in known:
                continue
            if kind == "begin":
                assert name not in opened, f"{path}: {name} begins twice"
                opened.append(name)
            elif kind == "end":
                assert opened[-1:] == [name], f"{path}: {name} ends, but did not begin"
                opened.pop()
        assert not opened, f"{path}: {opened} do not end"
