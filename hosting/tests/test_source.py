"""Source code is extracted from git completely, or refused."""

import subprocess
from pathlib import Path

import pytest

from hosting.agent import source
from hosting.agent.paths import App, CommandError

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app whose repository is also the work tree."""
    app = App(tmp_path)
    git(app, "init", "--quiet")
    return app


def git(app: App, *arguments: str) -> str:
    """Run git in the work tree next to the repository."""
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    tree = [f"--git-dir={app.repo}", f"--work-tree={app.root / 'tree'}"]
    (app.root / "tree").mkdir(exist_ok=True)
    done = subprocess.run(
        ["git", *identity, *tree, *arguments], cwd=app.root / "tree", check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def unpack(app: App, files: dict[str, str]) -> Path:
    """Commit files and extract them."""
    for name, text in files.items():
        (app.root / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (app.root / "tree" / name).write_text(text)
    git(app, "add", "--all")
    git(app, "commit", "--quiet", "--message", "All")
    src = app.root / "src"
    src.mkdir()
    with (app.root / "log").open("w") as log:
        source.unpack(app, git(app, "rev-parse", "HEAD"), src, log)
    return src


def names(src: Path) -> list[str]:
    """Return the names of all files."""
    return sorted(str(file.relative_to(src)) for file in src.rglob("*") if file.is_file())


def test_whole_commit_is_extracted(app: App) -> None:
    assert names(unpack(app, {"app.py": "", "a/b.py": ""})) == ["a/b.py", "app.py"]


def test_directory_becomes_the_top(app: App) -> None:
    files = {"hosting.toml": "directory = 'back/end'", "back/end/app.py": "", "front/index.js": ""}

    assert names(unpack(app, files)) == ["app.py", "hosting.toml"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"hosting.toml": "directory = 'backend'", "app.py": ""}, "may have no directory backend"),
        ({"hosting.toml": "directry = 'backend'"}, "unknown key `directry`"),
        ({"hosting.toml": "directory = 'a'", "a/hosting.toml": "timeout = 5"}, "Keep the one at"),
        ({"static/logo.png": POINTER}, r"static/logo\.png is a Git LFS pointer"),
    ],
)
def test_incomplete_source_is_refused(app: App, files: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        unpack(app, files)


def test_submodule_is_refused(app: App) -> None:
    git(app, "commit", "--quiet", "--allow-empty", "--message", "First")
    head = git(app, "rev-parse", "HEAD")
    git(app, "update-index", "--add", "--cacheinfo", f"160000,{head},vendor/library")
    git(app, "commit", "--quiet", "--message", "Submodule")
    src = app.root / "src"
    src.mkdir()

    with (
        (app.root / "log").open("w") as log,
        pytest.raises(CommandError, match="vendor/library is a git submodule"),
    ):
        source.unpack(app, git(app, "rev-parse", "HEAD"), src, log)

    assert names(src) == []
