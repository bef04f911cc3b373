"""Remove the tests of a removed part that are in files of other tests, for bin/remove.py.

A test, fixture, constant or function of a module goes if its text matches a pattern of the part,
or if it uses another one that goes. So tests need no marks, which would be forgotten.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Module:
    """A Python file, and the names that it loses."""

    path: str
    text: str
    gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.text)
        self.lines = self.text.splitlines(keepends=True)

    @property
    def is_test(self) -> bool:
        """Return True if it contains tests, False if it only supports them."""
        return PurePosixPath(self.path).name.startswith("test_")

    def source(self, node: ast.stmt) -> str:
        """Return the text of a statement, with its decorators."""
        return "".join(self.lines[first_line(node) - 1 : node.end_lineno])

    def without_gone(self) -> str:
        """Return the text without the statements that bind a name in `gone`."""
        lines: list[str | None] = list(self.lines)
        for node in self.tree.body:
            if bound(node) & self.gone:
                start = first_line(node) - 1
                while start and self.lines[start - 1].startswith("#"):
                    start -= 1
                lines[start : node.end_lineno] = [None] * ((node.end_lineno or 0) - start)
        return "".join(line for line in lines if line is not None)


def prune(texts: dict[str, str], patterns: list[str], removed: set[str]) -> dict[str, str | None]:
    """Return the new text of the files that change, None for those without a test left.

    `texts` are the Python files below tests/; `patterns`, regular expressions; `removed`, the
    paths of all removed files.
    """
    uses = [re.compile(pattern, re.MULTILINE) for pattern in patterns]
    modules = {path: Module(path, without_rows(path, text, uses)) for path, text in texts.items()}
    while sum(lose_more(module, modules, uses, removed) for module in modules.values()):
        pass
    changes: dict[str, str | None] = {}
    for module in modules.values():
        if module.gone:
            lose_unused(module)
            has_tests = any(name.startswith("test_") for name in names(module) - module.gone)
            changes[module.path] = module.without_gone() if has_tests else None
        elif module.text != texts[module.path]:
            changes[module.path] = module.text
    return changes


def without_rows(path: str, text: str, uses: list[re.Pattern[str]]) -> str:
    """Return the text without the matching rows of tables: constants and parameters of tests."""
    module = Module(path, text)
    removed: set[int] = set()
    for statement in module.tree.body:
        decorators = statement.decorator_list if isinstance(statement, Named) else []
        constants = [statement] if isinstance(statement, ast.Assign | ast.AnnAssign) else []
        for root in [*decorators, *constants]:
            for node in ast.walk(root):
                removed |= matching_rows(node, module.lines, uses)
    return "".join(line for number, line in enumerate(module.lines, 1) if number not in removed)


def matching_rows(node: ast.AST, lines: list[str], uses: list[re.Pattern[str]]) -> set[int]:
    """Return the lines of the rows of a table that match, unless all do."""
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        rows = [(row.lineno, row.end_lineno or row.lineno) for row in node.elts]
    elif isinstance(node, ast.Dict):
        rows = [
            ((key or value).lineno, value.end_lineno or value.lineno)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
    else:
        return set()
    starts = [node.lineno, *(first for first, _ in rows)]
    if len(rows) < 2 or len(set(starts)) < len(starts):  # on one line
        return set()
    found = [
        range(first, last + 1)
        for first, last in rows
        if any(use.search("".join(lines[first - 1 : last])) for use in uses)
    ]
    return {line for row in found for line in row} if len(found) < len(rows) else set()


def lose_more(
    module: Module, modules: dict[str, Module], uses: list[re.Pattern[str]], removed: set[str]
) -> bool:
    """Add to `module.gone`; return whether anything was added.

    Only in modules of tests: what supports tests of all parts has marks.
    """
    if not module.is_test:
        return False
    before = len(module.gone)
    lost = module.gone | imported_gone(module, modules, removed)
    for node in module.tree.body:
        if not (own := bound(node)) or own & module.gone:
            continue
        text = module.source(node)
        if any(pattern.search(text) for pattern in uses) or used(node) & lost:
            module.gone |= own
    return len(module.gone) > before


def imported_gone(module: Module, modules: dict[str, Module], removed: set[str]) -> set[str]:
    """Return the imported names that their module, or the whole module, has lost."""
    result = set()
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            path = node.module.replace(".", "/")
            source = modules.get(f"{path}.py")
            for alias in node.names:
                is_removed = {f"{path}.py", f"{path}/{alias.name}.py"} & removed
                if is_removed or (source and alias.name in source.gone):
                    result.add(alias.asname or alias.name)
    return result


def lose_unused(module: Module) -> None:
    """Add the functions and constants that only what is gone has used."""
    while True:
        kept = [node for node in module.tree.body if not bound(node) & module.gone]
        still = {name for node in kept for name in used(node) - bound(node)}
        ever = {name for node in module.tree.body for name in used(node) - bound(node)}
        unused = {
            name
            for node in kept
            for name in bound(node)
            if name in ever and name not in still and not name.startswith(("test_", "pytest"))
        }
        if not unused:
            return
        module.gone |= unused


def names(module: Module) -> set[str]:
    """Return the names that the statements of a module bind."""
    return {name for node in module.tree.body for name in bound(node)}


def bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds, except for an import."""
    if isinstance(node, Named):
        return {node.name}
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    inner = [part for target in targets for part in ast.walk(target)]
    return {part.id for part in inner if isinstance(part, ast.Name)}


def used(node: ast.stmt) -> set[str]:
    """Return the names, parameters and fixtures in strings that a statement uses."""
    return set(_used(node))


def _used(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.Constant) and str(part.value).isidentifier():
            yield str(part.value)  # usefixtures("…")


def first_line(node: ast.stmt) -> int:
    """Return the line of a statement, or of its first decorator."""
    decorators = node.decorator_list if isinstance(node, Named) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
