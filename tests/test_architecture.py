"""The rules for Python files and for the tree, where no other tool checks them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.repository import ROOT, Rule, complaints, files

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LONGEST_README = 100
LONGEST_HOSTING = 2410  # lines of code: what is more belongs to Kubernetes
MOST_TOP_ENTRIES = 19
# Other programs look for these at the top, under these names.
FOUND_BY_NAME = {"Dockerfile", "Procfile", "app.json", "compose.yaml", "requirements.txt"}
SHAPELESS_NAMES = {"util", "utils", "helper", "helpers", "common", "service", "services", "misc"}
IGNORE = re.compile(r"#\s*(type:\s*ignore(\[[\w, -]*\])?|noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?)")
A_REASON = re.compile(r"[A-Za-z]{3,}")


def long_file(path: PurePath, text: str) -> Iterator[str]:
    """A file that needs much scrolling holds two concerns."""
    length = len(text.splitlines())
    if length > LONGEST_FILE:
        yield f"{path} has {length} lines; {LONGEST_FILE} are allowed"


def long_function(path: PurePath, text: str) -> Iterator[str]:
    for function in functions(text):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            yield f"{path}:{function.lineno} {function.name}() has {length} lines"


def import_in_function(path: PurePath, text: str) -> Iterator[str]:
    """An import inside a function hides a dependency, or a circle that should be broken."""
    for function in functions(text):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{path}:{node.lineno} import inside {function.name}()"


def shapeless_name(path: PurePath, text: str) -> Iterator[str]:
    """A name that says nothing takes in everything. Name the concern."""
    if SHAPELESS_NAMES.intersection([*path.parts, path.stem]):
        yield f"{path} does not name its concern"


def unexplained_ignore(path: PurePath, text: str) -> Iterator[str]:
    """Write `# type: ignore[code]  # reason` and `# noqa: CODE - reason`, on the same line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_ignore = token.type == tokenize.COMMENT and IGNORE.search(token.string)
        if is_ignore and not A_REASON.search(IGNORE.sub("", token.string)):
            yield f"{path}:{token.start[0]} does not say why it is ignored"


def factory_seen_inside(path: PurePath, text: str) -> Iterator[str]:
    """The factory sees every module of the application; none of them sees the factory.

    It could be reached by `from .. import create_app` or by an absolute import, and the latter
    are not written inside the application anyway.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            modules = [alias.name for alias in node.names if alias.name == "create_app"]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            if module == "create_app" or module.split(".")[0] == "app":
                yield f"{path}:{node.lineno} imports {module}"


def model_out_of_place(path: PurePath, text: str) -> Iterator[str]:
    """A model knows settings, but neither requests nor pages, and its caller commits."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in {"flask", "flask_login"}:
            for name in {alias.name for alias in node.names} - {"current_app", "UserMixin"}:
                yield f"{path}:{node.lineno} imports {name}"
        elif isinstance(node, ast.Attribute) and node.attr == "commit":
            yield f"{path}:{node.lineno} commits"


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def python_files() -> list[PurePath]:
    """Return our Python; migrations are written by Alembic and never touched again."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.parts[:2] != ("migrations", "versions")
    ]


@pytest.mark.parametrize(
    "rule", [long_file, long_function, import_in_function, shapeless_name, unexplained_ignore]
)
def test_python_keeps_the_rule(rule: Rule) -> None:
    assert complaints(rule, python_files()) == []


def test_application_does_not_see_its_factory() -> None:
    inside = [path for path in python_files() if path.parts[0] == "app"]
    factory = PurePath("app/__init__.py")

    assert factory in inside
    assert complaints(factory_seen_inside, set(inside) - {factory}) == []


def test_models_keep_their_place() -> None:
    models = [path for path in python_files() if path.parts[:2] == ("app", "models")]

    assert models
    assert complaints(model_out_of_place, models) == []


def test_top_of_the_tree_fits_on_a_screen() -> None:
    top = {path.parts[0] for path in files() if not path.parts[0].startswith(".")}

    assert len(top - FOUND_BY_NAME) <= MOST_TOP_ENTRIES, sorted(top)


def code_lines(text: str) -> int:
    """Count the lines of a module that are code: neither blank, nor comment, nor docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(
        number not in docstrings and bool(line.strip()) and not line.strip().startswith("#")
        for number, line in lines
    )


def test_code_is_counted_without_what_is_said_about_it() -> None:
    assert code_lines('"""A\n\nmodule."""\n\n# x\ndef f():\n    """D."""\n    return 1\n') == 2


def test_hosting_can_be_read_by_one_person() -> None:
    parts = [path for path in python_files() if path.parts[0] == "hosting"]

    assert parts
    assert sum(code_lines((ROOT / path).read_text()) for path in parts) <= LONGEST_HOSTING


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 40
EXAMPLES = {
    "long file": (long_file, "x = 1\n" * 301, "x = 1\n" * 300),
    "long function": (
        long_function,
        LONG_FUNCTION,
        LONG_FUNCTION.replace("    x = 1\n", "", 1),
    ),
    "import inside": (
        import_in_function,
        "async def f():\n    if x:\n        import os",
        "if x:\n    import os",
    ),
    "type: ignore": (
        unexplained_ignore,
        "x = f()  # type: ignore[arg-type]",
        "x = f()  # type: ignore[arg-type]  # the stub forgets None",
    ),
    "noqa": (
        unexplained_ignore,
        "x = f()  # noqa: E402, S101",
        "x = f()  # noqa: E402, S101 - read after the environment",
    ),
    "two ignores": (
        unexplained_ignore,
        "x = f()  # type: ignore[misc]  # noqa: S101",
        "x = f()  # type: ignore[misc]  # noqa: S101 - the stub is wrong",
    ),
    "ignore in a text": (
        unexplained_ignore,
        "x = 1  # noqa",
        "x = '# noqa'",
    ),
    "relative import": (
        factory_seen_inside,
        "from .. import create_app",
        "from ..extensions import db",
    ),
    "absolute import": (
        factory_seen_inside,
        "from app.extensions import db",
        "from application import db",
    ),
    "request in a model": (
        model_out_of_place,
        "from flask import current_app, request",
        "from flask import current_app",
    ),
    "commit in a model": (model_out_of_place, "db.session.commit()", "db.session.flush()"),
    "plain import": (factory_seen_inside, "import app.models", "import apps"),
}


@pytest.mark.parametrize(("rule", "bad", "good"), list(EXAMPLES.values()), ids=list(EXAMPLES))
def test_rule_tells_bad_from_good(rule: Rule, bad: str, good: str) -> None:
    path = PurePath("app/main/posts.py")

    assert list(rule(path, bad))
    assert not list(rule(path, good))


@pytest.mark.parametrize("name", ["app/utils.py", "tests/helpers/people.py", "app/common.html"])
def test_shapeless_name_is_noticed(name: str) -> None:
    assert list(shapeless_name(PurePath(name), ""))
