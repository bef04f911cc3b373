"""Bring a later version of the template into this project, which may have changed everywhere.

    make update                    # the latest release; or VERSION=1.2.0, VERSION=main

The version that this project has and the new one are renamed as the project was (.template.toml),
each by its own bin/rename.py, and lose the same parts by bin/remove.py. `git cherry-pick` applies
the difference. docs/updating.md
explains conflicts; docs/decisions/updating.md, why it works this way.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(".template.toml")
REFS = "refs/template"
CATALOGS = "app/translations"
UNFINISHED = """
Resolve these conflicts, git add the files, then run:
    git cherry-pick --continue
Or return to the state before the update:
    git cherry-pick --abort"""


def main() -> None:
    """Update the project; exit with status 1 and a message if that is impossible or unfinished."""
    parser = argparse.ArgumentParser(
        description="Update the project to a version of the template."
    )
    parser.add_argument("version", nargs="?", default="", help="default: the latest release")
    wanted = parser.parse_args().version
    os.chdir(ROOT)
    record = read_record()
    check_state()
    fetch(record["repository"])
    new, label = find_version(wanted)
    old = find_base(record["tree"], new)
    if is_ancestor(new, old):
        print(f"This project has {label} of the template already.")
        return
    news = notes("CHANGELOG.md", old, new)
    if by_hand := notes("UPGRADING.md", old, new):
        news = f"{news}\n\n# To do by hand\n\n{by_hand}"
    tree = git("rev-parse", f"{new}^{{tree}}")
    old_tree, _ = render(old, record, RECORD.read_text("utf-8"), "")
    before = commit_tree(old_tree, "Template")
    after, news = render(new, record, new_record(label, tree), news)
    print(f"Updating the template from {record['version']} to {label}.\n\n{news}\n", flush=True)
    title = f"Update the template to {label}"
    body = re.sub("^#+ ", "", news, flags=re.MULTILINE)  # git removes such lines
    merge(before, commit_tree(after, f"{title}\n\n{body}", "-p", before))


def read_record() -> dict[str, Any]:
    """Return .template.toml, which bin/rename.py has written."""
    try:
        record = tomllib.loads(RECORD.read_text("utf-8"))
    except FileNotFoundError:
        sys.exit("This is the template itself, or a clone with its name: git pull updates it.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        sys.exit(f"{RECORD} cannot be read: {error}. Restore it: git checkout HEAD {RECORD}")
    for key in ("repository", "version", "tree", "name", "slug"):
        if not isinstance(record.get(key), str) or not record[key]:
            sys.exit(f'{RECORD} has no {key}. Add a line: {key} = "…" (docs/updating.md)')
    return record


def new_record(label: str, tree: str) -> str:
    """Return the text of .template.toml after the update, with all other lines unchanged."""
    text = RECORD.read_text("utf-8")
    for key, value in {"version": label, "tree": tree}.items():
        line = f"{key} = {json.dumps(value)}".replace("\\", r"\\")
        text = re.sub(rf"^{key}\s*=.*$", line, text, flags=re.MULTILINE)
    return text


def check_state() -> None:
    """Exit if the update could not be aborted without loss, or not be committed."""
    if succeeds("rev-parse", "--verify", "--quiet", "CHERRY_PICK_HEAD"):
        sys.exit(f"An update has not been finished.{UNFINISHED}")
    if changed := git("status", "--porcelain", "--untracked-files=no"):
        sys.exit(f"Commit or stash your changes first, then try again:\n{changed}")
    git("var", "GIT_COMMITTER_IDENT")


def fetch(repository: str) -> None:
    """Fetch the template's branches and tags to refs of their own, apart from the project's."""
    kinds = [f"+refs/{kind}/*:{REFS}/{kind}/*" for kind in ("heads", "tags")]
    command = ["fetch", "--quiet", "--no-tags", "--prune", "--", repository, *kinds]
    done = run("git", *command)
    if done.returncode:
        sys.exit(
            f"The template cannot be fetched from {repository}: {done.stderr.strip()}\n"
            f"Check the network, and repository in {RECORD}."
        )


def find_version(wanted: str) -> tuple[str, str]:
    """Return the commit of a version (default: the latest release) and its name for messages."""
    refs = git("for-each-ref", "--sort=-v:refname", "--format=%(refname)", f"{REFS}/tags/v*")
    releases = re.findall(r"/v(\d+\.\d+\.\d+)$", refs, re.MULTILINE)
    if not wanted and not releases:
        sys.exit(
            "The template has no release yet. Choose a branch: make update VERSION=main\n"
            f"If it has, repository in {RECORD} is not the template: correct it."
        )
    wanted = wanted or releases[0]
    number = wanted.removeprefix("v")
    for ref in (f"tags/v{number}", f"tags/{wanted}", f"heads/{wanted}"):
        if succeeds("rev-parse", "--verify", "--quiet", f"{REFS}/{ref}"):
            commit = git("rev-parse", f"{REFS}/{ref}^{{commit}}")
            return commit, number if ref.startswith("tags") else f"{wanted} ({commit[:9]})"
    sys.exit(f"The template has no version {wanted}. Releases: {', '.join(releases) or 'none'}")


def find_base(tree: str, new: str) -> str:
    """Return the template's commit that the project has: its own merge base, so to speak."""
    for line in git("log", "--format=%H %T", f"--glob={REFS}").splitlines():
        commit, its_tree = line.split()
        if its_tree == tree:
            return commit
    # The project had commits of its own before it was renamed.
    done = run("git", "merge-base", "HEAD", new)
    if done.returncode:
        sys.exit(
            f"The version of the template from which this project was made is unknown. Set tree "
            f"in {RECORD} to the output of: git rev-parse {REFS}/tags/VERSION^{{tree}}\n"
            f"If there is no such tag, repository in {RECORD} is not the template."
        )
    return done.stdout.strip()


def notes(name: str, old: str, new: str) -> str:
    """Return the sections of a page of the template that the old version does not have."""
    known = set(re.findall(r"^## .*", show(old, name), re.MULTILINE)) - {"## Unreleased"}
    sections = re.split(r"^(?=## )", show(new, name), flags=re.MULTILINE)[1:]
    fresh = [text.strip() for text in sections if text.splitlines()[0] not in known]
    return "\n\n".join(text for text in fresh if "\n" in text)


def render(commit: str, record: dict[str, Any], text: str, news: str) -> tuple[str, str]:
    """Return the tree of the template's `commit`, and `news`, as if made for this project.

    `text` is the content of .template.toml in this tree.
    """
    if not show(commit, "bin/rename.py"):
        sys.exit(
            f"repository in {RECORD} is not the template: it has no bin/rename.py. Correct it."
        )
    name = ["--files-only", f"--slug={record['slug']}", "--", record["name"]]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "template"
        no_hooks = ("-c", "core.hooksPath=/dev/null")
        git(*no_hooks, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            page = folder / "NEWS.md"
            page.write_text(news, "utf-8")
            git("-C", str(folder), "add", "NEWS.md")
            done = run(sys.executable, "bin/rename.py", *name, cwd=folder)
            if done.returncode:
                sys.exit(f"The template cannot be renamed: {done.stderr.strip()}")
            news = page.read_text("utf-8")
            page.unlink()
            remove_parts(folder, record.get("removed", []))
            (folder / RECORD).write_text(text, "utf-8")
            git("-C", str(folder), "add", "--all")
            return git("-C", str(folder), "write-tree"), news
        finally:
            git("worktree", "remove", "--force", str(folder))


def remove_parts(folder: Path, parts: list[str]) -> None:
    """Remove what the project has removed; a part that this version does not have is ignored."""
    if parts and (folder / "bin/remove.py").exists():
        git("-C", str(folder), "add", "--all")
        done = run(sys.executable, "bin/remove.py", "--files-only", "--", *parts, cwd=folder)
        if done.returncode:
            sys.exit(f"{', '.join(parts)} cannot be removed from the template: {done.stderr}")


def commit_tree(tree: str, message: str, *arguments: str) -> str:
    """Return a new commit, which is not on any branch."""
    return git("commit-tree", tree, *arguments, "-m", message)


def merge(before: str, after: str) -> None:
    """Apply the difference of two trees to the project and commit it, or explain the conflicts."""
    head = git("rev-parse", "HEAD")
    # New files in a directory that the project has moved follow it.
    done = run("git", "-c", "merge.directoryRenames=true", "cherry-pick", after)
    is_picking = succeeds("rev-parse", "--verify", "--quiet", "CHERRY_PICK_HEAD")
    if done.returncode and not is_picking:
        sys.exit(f"Nothing was changed: {done.stderr.strip()}")
    removed = [path for code, path in conflicts() if code == "DU"]
    removed += added_to_removed_directories(before, after, head)
    if removed:
        git("rm", "--quiet", "--force", "--", *removed)
        print("Removed in this project, so not updated:", *removed, sep="\n    ")
    compile_translations()
    if remaining := conflicts():
        lines = [f"    {code} {path}" for code, path in remaining]
        sys.exit("\n".join(["Changed both here and in the template:", *lines]) + UNFINISHED)
    if is_picking:
        git("-c", "core.editor=true", "cherry-pick", "--continue")
    elif removed:
        git("commit", "--quiet", "--amend", "--no-edit", "--no-verify")
    print("Updated, in one commit. Run make check, and read docs/updating.md before you deploy.")


def conflicts() -> list[tuple[str, str]]:
    """Return the unmerged files, each with the two letters of `git status`."""
    entries = git("status", "--porcelain", "-z", "--untracked-files=no").split("\0")
    unmerged = re.compile(r"(DD|AU|UD|UA|DU|AA|UU) (.+)", re.DOTALL)
    return [(match[1], match[2]) for match in map(unmerged.fullmatch, entries) if match]


def added_to_removed_directories(before: str, after: str, head: str) -> list[str]:
    """Return the template's new files in directories that the project has removed."""
    theirs, ours = directories(before), directories(head)
    added = git("diff", "--name-only", "--diff-filter=A", "--find-renames", "-z", before, after)
    present = set(git("ls-files", "-z").split("\0"))
    result = []
    for path in present.intersection(added.split("\0")) - {""}:
        known = next(parent for parent in PurePosixPath(path).parents if str(parent) in theirs)
        if str(known) not in ours:
            result.append(path)
    return sorted(result)


def directories(commit: str) -> set[str]:
    """Return the directories of a commit, and `.`."""
    paths: Iterable[str] = git("ls-tree", "-r", "--name-only", "-z", commit).split("\0")
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents} | {"."}


def compile_translations() -> None:
    """Resolve conflicts of compiled translations, unless those of their sources remain."""
    compiled = [path for _, path in conflicts() if path.endswith(".mo")]
    if not compiled:
        return
    git("checkout", "--ours", "--", *compiled)
    if not any(path.endswith(".po") for _, path in conflicts()):
        options = ["--quiet", "compile", "--directory", CATALOGS]
        run(sys.executable, "-m", "babel.messages.frontend", *options)
    git("add", "--", *compiled)


def show(commit: str, path: str) -> str:
    """Return the text of a file in a commit, or the empty string if there is none."""
    return run("git", "show", f"{commit}:{path}").stdout


def is_ancestor(commit: str, other: str) -> bool:
    """Return True if `other` is `commit`, or later."""
    return succeeds("merge-base", "--is-ancestor", commit, other)


def succeeds(*arguments: str) -> bool:
    """Run git and return whether it succeeds."""
    return run("git", *arguments).returncode == 0


def git(*arguments: str) -> str:
    """Run git and return its output; exit with its message if it fails."""
    done = run("git", *arguments)
    if done.returncode:
        sys.exit(f"git {' '.join(arguments[:3])} failed: {done.stderr.strip()}")
    return done.stdout.rstrip("\n")


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and capture its output."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - no shell


if __name__ == "__main__":
    main()
