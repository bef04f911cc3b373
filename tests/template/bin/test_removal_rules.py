"""What bin/remove.py and bin/prune_tests.py do with single files."""

from pathlib import Path
from textwrap import dedent

import pytest
import remove
from prune_tests import prune

DEMO = remove.Part("demo", "", ("app/posts/*",))
MIGRATION = "revision = {}\ndown_revision = {}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb  # demo-only\nc\n", "a\nc\n"),
        ("a\n# demo-only: begin\nb\n# demo-only: end\nc\n", "a\nc\n"),
        ("a  # demo-only\nb\nc  # demo-only", "b\n"),
        ("  # without-demo: b = 1\n", "  b = 1\n"),
        ("<!-- without-demo: b -->\n", "b\n"),
        ("  {# without-demo: <p>{{ b }}</p> #}\n", "  <p>{{ b }}</p>\n"),
        ("a  # blog-demo-onlyx\n", "a  # blog-demo-onlyx\n"),
        ("a\n# heroku-only: begin\n", "a\n# heroku-only: begin\n"),
    ],
)
def test_marked_lines(before: str, after: str) -> None:
    assert DEMO.without(before) == after


def test_patterns_match_below_folders() -> None:
    assert DEMO.has("app/posts/a/b.py")
    assert not DEMO.has("app/posts.py")


def pruned(text: str, **others: str) -> str | None:
    """Return a module of tests without those that use POST; the text is unchanged by default."""
    modules = {"tests/test_a.py": dedent(text), **others}
    removed = {"tests/posts.py"}
    return prune(modules, [r"\bPOST\b"], removed).get("tests/test_a.py", dedent(text))


def test_matching_test_goes_with_what_only_it_uses() -> None:
    text = """\
        LIMIT = 1
        SHARED = 2


        # Returns a post.
        def post(): return POST, SHARED


        def test_a(): assert post() == LIMIT


        def test_b(): assert SHARED
    """
    result = pruned(text)

    assert result is not None
    assert result.split() == ["SHARED", "=", "2", "def", "test_b():", "assert", "SHARED"]


def test_matching_row_of_a_table_goes_alone() -> None:
    text = """\
        ROWS = {
            "a": 1,
            "b": (
                POST,
            ),
        }


        @parametrize("x", [
            POST,
            "c",
        ])
        def test_a(x): assert ROWS
    """
    result = pruned(text)

    assert result is not None
    assert "POST" not in result
    assert '"a": 1' in result
    assert '"c"' in result


def test_module_without_tests_left_is_removed() -> None:
    assert pruned("SHARED = 1\ndef test_a(): assert POST\n") is None


def test_test_that_imports_a_removed_module_goes() -> None:
    text = "from tests.posts import new\ndef test_a(): new()\ndef test_b(): pass\n"

    assert pruned(text) == "from tests.posts import new\ndef test_b(): pass\n"


def test_unrelated_module_is_unchanged() -> None:
    text = "def helper(): return 1\ndef test_a(): assert helper()\n"

    assert prune({"tests/test_a.py": text}, [r"\bPOST\b"], set()) == {}


def test_support_of_tests_is_never_pruned() -> None:
    assert prune({"tests/support/a.py": "def post(): return POST\n"}, [r"\bPOST\b"], set()) == {}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_migrations_skip_a_removed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quote: str
) -> None:
    folder = tmp_path / "migrations/versions"
    folder.mkdir(parents=True)
    names = ["None", *(f"{quote}{number}{quote}" for number in (1, 2, 3, 4))]
    for number in (1, 2, 3, 4):
        text = MIGRATION.format(names[number], names[number - 1])
        (folder / f"{number}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    path = "migrations/versions/{}.py".format

    assert remove.close_chain({path(2): None, path(3): None}) == {
        path(4): MIGRATION.format(names[4], '"1"')
    }
    assert remove.close_chain({path(1): None}) == {path(2): MIGRATION.format(names[2], "None")}
    assert remove.close_chain({}) == {}
