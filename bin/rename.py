"""Turn a clone of the template into a project of its own, in one commit.

    make rename NAME="Acme Social"              # SLUG=acme, DRY_RUN=1

Every spelling of the template's name is replaced in all tracked text files and paths, and what is
about the template alone is removed: the files in TEMPLATE_FILES, and lines marked `template-only`.
bin/update.py runs this file of the old and of the new version with --files-only, so keep its
arguments compatible.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from project_name import Name, checked_name

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(".template.toml")
TEMPLATE_FILES = (
    ".github/workflows/template.yml",
    "UPGRADING.md",
    "bin/project_name.py",
    "bin/rename.py",
    "docs/coming-from-flasky.md",
    "docs/screenshots/",
    "docs/tour.md",
    "tests/browser/test_screenshots.py",
    "tests/template/",
)
# The licence names the authors of the template. The others hold hashes.
UNCHANGED = re.compile(r"LICENSE|requirements/.*\.txt|.*-lock\.json|app/static/vendor/.*")
TEMPLATE_ONLY = re.compile(
    r"^.*template-only: begin(?:.*\n)*?.*template-only: end.*\n|^.*template-only.*\n", re.MULTILINE
)
PROJECT_ONLY = re.compile(r"^<!-- project-only\n((?:.*\n)*?)-->\n", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """What happens to a file; it is removed if there is no new path."""

    path: str
    new_path: str | None
    content: bytes | None = None  # None: unchanged
    places: int = 0

    def __str__(self) -> str:
        if self.new_path is None:
            return f"remove  {self.path}"
        places = f" ({self.places})" if self.places else ""
        if self.new_path != self.path:
            return f"move    {self.path} -> {self.new_path}{places}"
        return f"change  {self.path}{places}"


def main() -> None:
    """Rename the project, or print the reason why not and exit with status 1."""
    parser = argparse.ArgumentParser(description="Rename the project.")
    parser.add_argument("name", help='the name that users see: "Acme Social"')
    parser.add_argument("--slug", default="", help="one word for code, settings, hosts: acme")
    parser.add_argument("--dry-run", action="store_true", help="list the changes only")
    parser.add_argument("--files-only", action="store_true", help="no commit and no .env")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    check_git()
    name = checked_name(arguments.name, arguments.slug, tracked())
    changes = list(planned(name))
    if arguments.dry_run:
        print(f"{name.title}: {name.slug}, {name.slug.upper()}_ADMIN, {name.camel}Down")
        print(*changes, sep="\n")
        return
    if arguments.files_only:
        apply(changes)
        return
    check_tree()
    record, env = template_record(name), new_env(name)
    try:
        apply(changes)
        RECORD.write_text(record, "utf-8")
        git("add", "--all")
        git("commit", "--quiet", "--no-verify", "--message", f"Rename Flasky to {name.title}")
    except BaseException:
        # Everything was committed, so only what this program did is lost.
        git("add", "--all")
        git("reset", "--quiet", "--hard")
        raise
    write_env(env)
    report(name, len(changes))


def planned(name: Name) -> Iterator[Change]:
    """Yield the changes to tracked files."""
    for path in tracked():
        if path.startswith(TEMPLATE_FILES):
            yield Change(path, None)
            continue
        new_path, _ = name.replace(path)
        content, places = new_content(path, name)
        if new_path != path or content is not None:
            yield Change(path, new_path, content, places)


def new_content(path: str, name: Name) -> tuple[bytes | None, int]:
    """Return the new content of a file, or None if it stays as it is, and the places."""
    if Path(path).is_symlink() or UNCHANGED.fullmatch(path):
        return None, 0
    before = Path(path).read_bytes()
    try:
        text = before.decode()
    except UnicodeDecodeError:
        return None, 0
    if "\0" in text:
        return None, 0
    if path == "CHANGELOG.md":
        text = text.partition("\n## ")[0] + "\n## Unreleased\n"
    text = PROJECT_ONLY.sub(r"\1", TEMPLATE_ONLY.sub("", text))
    text, places = name.replace(text)
    after = text.encode()
    return (after if after != before else None), places


def apply(changes: list[Change]) -> None:
    """Change the files, then format code and compile translations, whose lines have moved."""
    for change in changes:
        old = Path(change.path)
        new = Path(change.new_path or change.path)
        if change.content is not None:
            old.write_bytes(change.content)
        if change.new_path is None:
            old.unlink()
        elif new != old:
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
        if not old.exists():
            remove_empty(old.parent)
    for module in (
        ["ruff", "format", "--quiet", "."],
        ["babel.messages.frontend", "--quiet", "compile", "--directory", "app/translations"],
    ):
        if subprocess.run([sys.executable, "-m", *module], check=False).returncode:  # noqa: S603 - fixed
            sys.exit(f"{module[0]} failed. Run make venv, then try again.")


def remove_empty(folder: Path) -> None:
    """Remove a directory in which nothing but compiled Python is left, and such parents."""
    if any(entry.name != "__pycache__" for entry in folder.iterdir()):
        return
    shutil.rmtree(folder)
    remove_empty(folder.parent)


def template_record(name: Name) -> str:
    """Return the text of .template.toml, from which `make update` knows the project's origin."""
    remotes = git("remote").split()
    url = git("remote", "get-url", "origin").strip() if "origin" in remotes else ""
    changelog = Path("CHANGELOG.md").read_text("utf-8")
    released = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    values = {
        "repository": re.sub(r"^(https?://)[^/@]*@", r"\1", url),  # without a password
        "version": released[1] if released else "unreleased",
        "tree": git("rev-parse", "HEAD^{tree}").strip(),
        "name": name.title,
        "slug": name.slug,
    }
    head = "# The template of this project. `make update` reads and writes this file.\n"
    return head + "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()
    )


def new_env(name: Name) -> str:
    """Return .env, or .env.example, with renamed settings and with a secret key."""
    path = Path(".env") if Path(".env").exists() else Path(".env.example")
    try:
        text, _ = name.replace(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path} cannot be read as UTF-8 text: {error}")
    if re.search(r"^\s*(export\s+)?SECRET_KEY\s*=\s*\S", text, re.MULTILINE):
        return text  # a key of the user: the template has none
    text = re.sub(r"^# \w+-only: (begin|end)\n", "", text, flags=re.MULTILINE)
    line = f"SECRET_KEY={secrets.token_urlsafe(48)}"
    text, found = re.subn(r"^#?SECRET_KEY=[ \t]*$", line, text, count=1, flags=re.MULTILINE)
    return text if found else f"{text.rstrip()}\n{line}\n".lstrip()


def write_env(text: str) -> None:
    """Write .env, readable by its owner only if it is new."""
    path, new = Path(".env"), Path(".env.new")
    new.touch(mode=0o600)
    new.write_bytes(text.encode())
    if path.exists():
        shutil.copymode(path, new)
    new.replace(path)


def report(name: Name, changes: int) -> None:
    """Print what was done, and what to do next."""
    print(f"This project is now {name.title} ({name.slug}): {changes} files in one commit.")
    print("Settings begin with", f"{name.slug.upper()}_; .env has a SECRET_KEY of its own.")
    print("Where make update gets later versions of the template: repository in", RECORD)
    print("Next: describe the project in README.md and run make check. If origin is the template:")
    print("    git remote set-url origin URL-OF-YOUR-REPOSITORY")
    if tags := git("tag", "--list", "v*").split():
        print("    git tag --delete", *tags, " # releases of the template, not of your project")


def check_git() -> None:
    """Exit unless this is the top of a git repository with a commit."""
    if not shutil.which("git"):
        sys.exit("git was not found. Install it: sudo apt install git")
    if Path(git("rev-parse", "--show-toplevel").strip()).resolve() != ROOT:
        sys.exit(f"{ROOT} is not a git repository of its own: clone the template with git.")


def check_tree() -> None:
    """Exit if anything is not committed, or could not be committed."""
    if changed := git("status", "--porcelain"):
        sys.exit(f"Commit or stash your changes first, then try again:\n{changed.rstrip()}")
    git("var", "GIT_COMMITTER_IDENT")


def tracked() -> list[str]:
    """Return the paths of the tracked files."""
    return [path for path in git("ls-files", "-z").split("\0") if path]


def git(*arguments: str) -> str:
    """Run git and return its output; exit with its message if it fails."""
    command = ["git", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - fixed
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
