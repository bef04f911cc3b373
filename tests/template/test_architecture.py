"""Rules for Python files and for the repository that ruff, mypy and import-linter do not check."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePath

import pytest

from tests.support.repository import ROOT, Rule, files, violations

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_README_LINES = 100
MAX_TOP_LEVEL_ENTRIES = 20
# Other programs require these at the top level.
FIXED_NAMES = {"Dockerfile", "Procfile", "app.json", "compose.yaml", "requirements.txt"}
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "service", "services", "misc"}
IGNORE = re.compile(r"#\s*(type:\s*ignore(\[[\w, -]*\])?|noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?)")
REASON = re.compile(r"[A-Za-z]{3,}")


def long_file(path: PurePath, text: str) -> Iterator[str]:
    length = len(text.splitlines())
    if length > MAX_FILE_LINES:
        yield f"{path} has {length} lines; the limit is {MAX_FILE_LINES}"


def long_function(path: PurePath, text: str) -> Iterator[str]:
    for function in functions(text):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{path}:{function.lineno} {function.name}() has {length} lines"


def import_in_function(path: PurePath, text: str) -> Iterator[str]:
    """An import inside a function hides a dependency or a cycle."""
    for function in functions(text):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{path}:{node.lineno} import inside {function.name}()"


def vague_name(path: PurePath, text: str) -> Iterator[str]:
    """Modules with vague names collect unrelated code; name the concern instead."""
    if VAGUE_NAMES.intersection([*path.parts, path.stem]):
        yield f"{path} has a vague name; name its concern"


def unexplained_ignore(path: PurePath, text: str) -> Iterator[str]:
    """Write `# type: ignore[code]  # reason` and `# noqa: CODE - reason` on one line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_ignore = token.type == tokenize.COMMENT and IGNORE.search(token.string)
        if is_ignore and not REASON.search(IGNORE.sub("", token.string)):
            yield f"{path}:{token.start[0]} ignores a check without a reason"


def factory_import(path: PurePath, text: str) -> Iterator[str]:
    """Only `app/__init__.py` may import the factory; inside `app/`, imports are relative."""
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


def model_dependency(path: PurePath, text: str) -> Iterator[str]:
    """Models may read settings, but not the request, and must not commit."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in {"flask", "flask_login"}:
            for name in {alias.name for alias in node.names} - {
                "current_app",
                "AnonymousUserMixin",
            }:
                yield f"{path}:{node.lineno} imports {name}"
        elif isinstance(node, ast.Attribute) and node.attr == "commit":
            yield f"{path}:{node.lineno} commits"


@cache
def functions(text: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions in `text`, in which several rules look."""
    function = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, function)]


def python_files() -> list[PurePath]:
    """Return the Python files, except migrations, which Alembic generates."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.parts[:2] != ("migrations", "versions")
    ]


@pytest.mark.parametrize(
    "rule", [long_file, long_function, import_in_function, vague_name, unexplained_ignore]
)
def test_python_files_follow_the_rule(rule: Rule) -> None:
    assert violations(rule, python_files()) == []


def test_application_does_not_import_its_factory() -> None:
    inside = [path for path in python_files() if path.parts[0] == "app"]
    factory = PurePath("app/__init__.py")

    assert factory in inside
    assert violations(factory_import, set(inside) - {factory}) == []


def test_models_do_not_use_requests_or_commit() -> None:
    models = [path for path in python_files() if path.parts[:2] == ("app", "models")]

    assert models
    assert violations(model_dependency, models) == []


def test_top_level_has_few_entries() -> None:
    top = {path.parts[0] for path in files() if not path.parts[0].startswith(".")}

    assert len(top - FIXED_NAMES) <= MAX_TOP_LEVEL_ENTRIES, sorted(top)


# Modules without a test file, and where they are tested.
WITHOUT_TESTS = {
    "app/extensions.py": "creates objects only",
    "app/forms.py": "base classes of auth/forms.py and main/forms.py",
    "app/main/forms.py": "tests/main: each form is tested with its page",
}


def test_every_module_has_a_test_file() -> None:
    """`app/mail/smtp.py` is tested in `tests/mail/test_smtp.py` or `test_smtp_*.py`."""
    missing = {str(path) for path in modules_to_test() if not mirror_files(path)}

    assert missing == set(WITHOUT_TESTS)


def modules_to_test() -> list[PurePath]:
    """Return the modules of the application, except `__init__.py` files."""
    return [
        path
        for path in python_files()
        if path.parts[0] in {"app", "envconfig"} and path.name != "__init__.py"
    ]


def mirror_files(path: PurePath) -> list[Path]:
    """Return the test files of the module at `path`."""
    package = path.parent.relative_to("app") if path.parts[0] == "app" else path.parent
    directory = ROOT / "tests" / package
    names = (f"test_{path.stem}.py", f"test_{path.stem}_*.py")
    return [file for name in names for file in directory.glob(name)]


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MAX_README_LINES


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
    "ignore in a string": (
        unexplained_ignore,
        "x = 1  # noqa",
        "x = '# noqa'",
    ),
    "relative import": (
        factory_import,
        "from .. import create_app",
        "from ..extensions import db",
    ),
    "absolute import": (
        factory_import,
        "from app.extensions import db",
        "from application import db",
    ),
    "request in a model": (
        model_dependency,
        "from flask import current_app, request",
        "from flask import current_app",
    ),
    "commit in a model": (model_dependency, "db.session.commit()", "db.session.flush()"),
    "plain import": (factory_import, "import app.models", "import apps"),
}


@pytest.mark.parametrize(("rule", "bad", "good"), list(EXAMPLES.values()), ids=list(EXAMPLES))
def test_rule_rejects_bad_and_accepts_good_example(rule: Rule, bad: str, good: str) -> None:
    path = PurePath("app/main/posts.py")

    assert list(rule(path, bad))
    assert not list(rule(path, good))


@pytest.mark.parametrize("name", ["app/utils.py", "tests/helpers/people.py", "app/common.html"])
def test_vague_name_is_rejected(name: str) -> None:
    assert list(vague_name(PurePath(name), ""))
