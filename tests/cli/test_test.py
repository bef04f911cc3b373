"""`flask test` runs pytest and returns its exit code."""

from pathlib import Path

import pytest

from tests.support.app_factory import make_app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one test, and pytest without other plugins."""
    (tmp_path / "test_it.py").write_text("def test_passes(): pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--disable-plugin-autoload -p pytest_cov.plugin")
    return tmp_path


@pytest.mark.slow
def test_exit_code_is_that_of_pytest(folder: Path) -> None:
    runner = make_app().test_cli_runner()
    for keyword, code in {"passes": 0, "no_such_test": 5}.items():
        result = runner.invoke(args=["test", "--", "-k", keyword, str(folder)])

        assert result.exit_code == code
        assert not (folder / ".coverage").exists()


@pytest.mark.slow
def test_coverage_is_optional(folder: Path) -> None:
    make_app().test_cli_runner().invoke(args=["test", "--coverage", "--", str(folder)])

    assert (folder / ".coverage").exists()
