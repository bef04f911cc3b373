"""Remove the example application, or another part that the project does not need, in one commit.

    make remove-demo                       # DRY_RUN=1 lists the changes only
    make remove PART="kubernetes heroku"

bin/parts.toml lists the files of each part. In other files, `PART-only` marks lines that go with
it, `PART-only: begin` and `PART-only: end` enclose them, and `without-PART: …` hides a line that
is needed then. `NAME.without-PART` becomes the file NAME. .template.toml records what was removed:
bin/update.py removes it from later versions, too, with --files-only.
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from prune_tests import prune
from update import RECORD, git, run

ROOT = Path(__file__).resolve().parents[1]
PARTS = Path("bin/parts.toml")
MIGRATIONS = "migrations/versions/"
REVISION = re.compile(r"""^revision = ["'](.*)["']$""", re.MULTILINE)
DOWN_REVISION = re.compile(r"""^down_revision = (?:["'](.*)["']|None)$""", re.MULTILINE)
LINK = re.compile(r"\[([^]\n]*)\]\(([^)#:\s]+)(?:#[^)\s]*)?\)")
UNLINKED = "\0"  # marks the text of a link to a removed file


@dataclass(frozen=True)
class Part:
    """A part of the project, as bin/parts.toml describes it."""

    name: str
    about: str
    files: tuple[str, ...]
    uses: str | None = None

    def has(self, path: str) -> bool:
        """Return True if the file belongs to this part alone."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.files)

    def without(self, text: str) -> str:
        """Return the text of a file without the lines of this part."""
        if f"{self.name}-only" not in text and f"without-{self.name}" not in text:
            return text
        mark = rf"\b{self.name}-only\b"
        region = rf"^.*{mark}: begin(?:.*\n)*?.*{mark}: end.*(?:\n|\Z)|^.*{mark}.*(?:\n|\Z)"
        text = re.sub(region, "", text, flags=re.MULTILINE)
        hidden = rf"^([ \t]*)\S+ without-{self.name}: (.*?)(?: -->| #\}}| \*/)?$"
        return re.sub(hidden, r"\1\2", text, flags=re.MULTILINE)


def main() -> None:
    """Remove the parts, or print the reason why not and exit with status 1."""
    parser = argparse.ArgumentParser(description="Remove parts of the project.")
    parser.add_argument("parts", nargs="*", help="see bin/parts.toml")
    parser.add_argument("--dry-run", action="store_true", help="list the changes only")
    parser.add_argument(
        "--files-only", action="store_true", help="no commit, ignore unknown parts"
    )
    arguments = parser.parse_args()
    os.chdir(ROOT)
    wanted = with_included(" ".join(arguments.parts).split())
    if arguments.files_only:
        apply(planned(chosen(wanted, ignore=True)))
        return
    record = new_record(wanted)
    parts = chosen(wanted)
    changes = planned(parts)
    if arguments.dry_run:
        print(*(describe(path, text) for path, text in changes.items()), sep="\n")
        return
    check_tree()
    names = " and ".join(part.name for part in parts)
    try:
        apply(changes)
        RECORD.write_text(record, "utf-8")
        git("add", "--all")
        git("commit", "--quiet", "--no-verify", "--message", f"Remove {names}")
    except BaseException:
        # Everything was committed, so only what this program did is lost.
        git("add", "--all")
        git("reset", "--quiet", "--hard")
        raise
    print(f"Removed {names}: {len(changes)} files in one commit. Next: make check")
    if any(path.startswith(MIGRATIONS) for path in changes):
        print("The development database is of no use any more: rm -f instance/data-dev.sqlite*")
    print("To undo it: git reset --hard HEAD~")


def with_included(names: list[str]) -> list[str]:
    """Return these names of parts, and those of the parts that they include."""
    table, every = tomllib.loads(PARTS.read_text("utf-8")), list[str]()
    for name in names:
        every += [name, *table.get(name, {}).get("includes", ())]
    return [name for name in dict.fromkeys(every) if name in names or name in table]


def chosen(names: list[str], *, ignore: bool = False) -> list[Part]:
    """Return the parts of these names; exit if there is none of a name, unless `ignore`."""
    parts = read_parts(ROOT)
    unknown = [name for name in names if name not in parts]
    if (unknown and not ignore) or not names:
        lines = [f"    {part.name:<12} {part.about}" for part in parts.values()]
        reason = f"There is no part {unknown[0]}." if unknown else "Name what to remove."
        sys.exit("\n".join([f"{reason} Choose from: make remove PART=…", *lines]))
    return [parts[name] for name in dict.fromkeys(names) if name in parts]


def read_parts(folder: Path) -> dict[str, Part]:
    """Return the parts of the project in `folder`, by name."""
    table = tomllib.loads((folder / PARTS).read_text("utf-8"))
    return {
        name: Part(name, row["about"], tuple(row["files"]), row.get("uses"))
        for name, row in table.items()
    }


def planned(parts: list[Part]) -> dict[str, str | None]:
    """Return the new text of each file that changes; None if it is removed."""
    changes: dict[str, str | None] = {}
    for path in git("ls-files", "-z").split("\0"):
        if not path or not Path(path).is_file() or Path(path).is_symlink():
            continue
        suffixes = [f".without-{part.name}" for part in parts]
        if suffix := next((suffix for suffix in suffixes if path.endswith(suffix)), None):
            changes[path.removesuffix(suffix)] = Path(path).read_text("utf-8")
            changes[path] = None
        elif any(part.has(path) for part in parts):
            changes.setdefault(path, None)
        elif (text := read_text(path)) is not None:
            after = text
            for part in parts:
                after = part.without(after)
            if after != text:
                changes.setdefault(path, after)
    removed = {path for path, text in changes.items() if text is None}
    changes |= prune(current(changes), [part.uses for part in parts if part.uses], removed)
    changes |= close_chain(changes)
    changes |= without_links(changes)
    return changes


def read_text(path: str) -> str | None:
    """Return the text of a file, or None if it has none."""
    try:
        text = Path(path).read_bytes().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def current(changes: dict[str, str | None]) -> dict[str, str]:
    """Return the text that each Python file below tests/ will have, without the removed ones."""
    paths = git("ls-files", "-z", "--", "tests/*.py").split("\0")
    texts = {path: Path(path).read_text("utf-8") for path in paths if path}
    texts |= {path: text for path, text in changes.items() if path.startswith("tests/") and text}
    return {
        path: text
        for path, text in texts.items()
        if changes.get(path, "") is not None and path.endswith(".py")
    }


def close_chain(changes: dict[str, str | None]) -> dict[str, str | None]:
    """Let the migrations after a removed one follow the one before it."""
    parents: dict[str, str] = {}
    for path, text in changes.items():
        if path.startswith(MIGRATIONS) and text is None:
            old = Path(path).read_text("utf-8")
            revision, parent = REVISION.search(old), DOWN_REVISION.search(old)
            if revision and parent:
                parents[revision[1]] = parent[1]
    result: dict[str, str | None] = {}
    for file in Path(MIGRATIONS).glob("*.py") if parents else ():
        text = changes.get(str(file), file.read_text("utf-8"))
        parent = DOWN_REVISION.search(text) if text else None
        if text and parent and parent[1] in parents:
            new = parent[1]
            while new in parents:
                new = parents[new]
            line = f'down_revision = "{new}"' if new else "down_revision = None"
            result[str(file)] = DOWN_REVISION.sub(line, text)
    return result


def without_links(changes: dict[str, str | None]) -> dict[str, str | None]:
    """Return the text of pages without links to removed files.

    List items and table rows that begin with such a link go; other links become plain text.
    """
    removed = {path for path, text in changes.items() if text is None}
    result: dict[str, str | None] = {}
    for path in git("ls-files", "-z", "--", "*.md").split("\0"):
        if not path or path in removed:
            continue
        before = changes.get(path) or Path(path).read_text("utf-8")
        folder = os.path.dirname(path)  # noqa: PTH120 - not Path: it keeps `..`

        def unlink(link: re.Match[str], folder: str = folder) -> str:
            target = os.path.normpath(os.path.join(folder, link[2]))  # noqa: PTH118 - see above
            return f"{UNLINKED}{link[1]}" if target in removed else link[0]

        after = LINK.sub(unlink, before)
        after = re.sub(rf"^(\s*-|\|) {UNLINKED}.*\n", "", after, flags=re.MULTILINE)
        if after != before:
            result[path] = after.replace(UNLINKED, "")
    return result


def apply(changes: dict[str, str | None]) -> None:
    """Change the files; then remove imports that are not used, format, and update translations."""
    for path, text in changes.items():
        file = Path(path)
        if text is None:
            file.unlink()
            remove_empty(file.parent)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="")
    python = [sys.executable, "-m"]
    for command in (
        [*python, "ruff", "check", "--fix-only", "--quiet", "--select", "F401,F811,I001", "."],
        [*python, "ruff", "format", "--quiet", "."],
        ["make", "--old-file=venv", "translations", f"in-venv={' '.join(python)}"],
    ):
        done = run(*command)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")


def remove_empty(folder: Path) -> None:
    """Remove a directory in which nothing but compiled Python is left, and such parents."""
    if any(entry.name != "__pycache__" for entry in folder.iterdir()):
        return
    shutil.rmtree(folder)
    remove_empty(folder.parent)


def new_record(names: list[str]) -> str:
    """Return the text of .template.toml that also says what was removed."""
    try:
        text = RECORD.read_text("utf-8")
    except FileNotFoundError:
        sys.exit('Rename the project first: make rename NAME="Acme Social"')
    removed = tomllib.loads(text).get("removed", [])
    if again := [name for name in names if name in removed]:
        sys.exit(f"{again[0]} has been removed already, says {RECORD}.")
    text = re.sub(r"^removed\s*=.*\n", "", text, flags=re.MULTILINE)
    return f"{text}removed = {json.dumps([*removed, *names])}\n"


def check_tree() -> None:
    """Exit if anything is not committed, or could not be committed."""
    if changed := git("status", "--porcelain"):
        sys.exit(f"Commit or stash your changes first, then try again:\n{changed}")
    git("var", "GIT_COMMITTER_IDENT")


def describe(path: str, text: str | None) -> str:
    """Return a line for the list of changes."""
    kind = "remove" if text is None else "change" if Path(path).exists() else "create"
    return f"{kind}  {path}"


if __name__ == "__main__":
    main()
