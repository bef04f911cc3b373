"""`make update` brings later versions of the template into a renamed, changed project.

The template's versions are made from this repository: 1.0.0 is its present state.
"""

import gettext
import re
import shutil
from pathlib import Path

import pytest

from tests.template.projects import Repository, template_repository

pytestmark = [pytest.mark.fresh, pytest.mark.xdist_group("update")]

CATALOG = "app/translations/zh_Hans/LC_MESSAGES/messages"
COMPILE = ["-m", "babel.messages.frontend", "compile", "--directory", "app/translations"]
ALERTS = "deploy/monitoring/alerts.yml"


def append(repository: Repository, name: str, text: str) -> None:
    repository.write(name, repository.read(name) + text)


def translate(repository: Repository, msgid: str, text: str) -> None:
    """Change the translation of `msgid`, and compile the catalogue."""
    text, found = re.subn(
        f'(msgid "{msgid}"\nmsgstr ).*', rf'\1"{text}"', repository.read(f"{CATALOG}.po")
    )
    assert found == 1
    repository.write(f"{CATALOG}.po", text)
    assert repository.python(*COMPILE).returncode == 0


def release(repository: Repository, version: str, change: str) -> None:
    repository.replace("CHANGELOG.md", "## Unreleased\n", f"## Unreleased\n\n- {change}\n")
    repository.commit(change)
    done = repository.make("release", f"VERSION={version}")
    assert f"Tagged v{version}" in done.stdout, done.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template with the releases 1.0.0, 1.1.0 and 1.2.0."""
    repository = template_repository(tmp_path_factory.mktemp("template"))
    release(repository, "1.0.0", "First version")

    append(repository, "docs/tracing.md", "\nFlasky reads FLASKY_ADMIN.\n")
    append(repository, "docs/api.md", "\nThe end.\n")
    repository.write("docs/new/page.md", "flasky_new of Flasky\n")
    repository.write("hosting/src/hosting/new.py", "")
    append(repository, "hosting/README.md", "\nMore.\n")
    repository.git("rm", "--quiet", "benchmarks/bare.py")
    translate(repository, "Save", "保存一")
    append(repository, "UPGRADING.md", "\nSet FLASKY_COLOUR.\n")
    release(repository, "1.1.0", "A new page about Flasky")

    (repository.path / "docs/explanation").mkdir()
    repository.git("mv", "docs/performance.md", "docs/explanation/performance.md")
    repository.replace(ALERTS, "- alert: FlaskyDown", "- alert: FlaskyGone")
    release(repository, "1.2.0", "The second change")
    return repository


@pytest.fixture(scope="module")
def renamed(template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A project made from version 1.0.0."""
    project = template.clone(tmp_path_factory.mktemp("project") / "acme")
    project.git("reset", "--quiet", "--hard", "v1.0.0")
    done = project.rename("--", "Acme Social")
    assert "git tag --delete v1.0.0 v1.1.0 v1.2.0" in done.stdout
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def project(renamed: Repository, tmp_path: Path) -> Repository:
    return Repository(shutil.copytree(renamed.path, tmp_path / "acme", symlinks=True))


def change_everywhere(project: Repository) -> None:
    """Move, remove and change files, several of which the template changes, too."""
    (project.path / "docs/howto").mkdir()
    project.git("mv", "docs/tracing.md", "docs/howto/tracing.md")
    project.git("rm", "-r", "--quiet", "hosting")
    project.write("docs/api.md", "Our API.\n" + project.read("docs/api.md"))
    append(project, "docs/performance.md", "\nOurs is faster.\n")
    translate(project, "Cancel", "取消一")
    project.commit("Our changes")


def test_changes_of_several_versions_are_merged(project: Repository) -> None:
    change_everywhere(project)
    before = project.git("rev-parse", "HEAD")

    done = project.make("update")

    assert done.returncode == 0, done.stdout
    assert project.git("rev-parse", "HEAD~") == before
    assert project.git("status", "--porcelain") == ""
    assert project.read("docs/howto/tracing.md").endswith(
        "\nAcme Social reads ACMESOCIAL_ADMIN.\n"
    )
    api = project.read("docs/api.md")
    assert api.startswith("Our API.\n")
    assert api.endswith("\nThe end.\n")
    assert project.read("docs/new/page.md") == "acmesocial_new of Acme Social\n"
    assert "Ours is faster." in project.read("docs/explanation/performance.md")
    assert "- alert: AcmeSocialGone" in project.read(ALERTS)
    removed = (
        "benchmarks/bare.py",
        "hosting/",
        "bin/rename.py",
        "tests/template/",
        "UPGRADING.md",
    )
    assert not [name for name in project.tracked() if name.startswith(removed)]


def test_translations_of_both_are_compiled(project: Repository) -> None:
    change_everywhere(project)

    assert project.make("update").returncode == 0

    with (project.path / f"{CATALOG}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert (compiled.gettext("Cancel"), compiled.gettext("Save")) == ("取消一", "保存一")


def test_what_is_new_and_what_was_removed_is_printed(project: Repository) -> None:
    change_everywhere(project)

    output = project.make("update").stdout

    assert "Updating the template from 1.0.0 to 1.2.0." in output
    for text in (
        "- A new page about Acme Social",
        "- The second change",
        "To do by hand",
        "Set ACMESOCIAL_COLOUR.",
    ):
        assert text in output
        assert text in project.git("log", "-1")
    assert "- First version" not in output
    removed = output.partition("Removed in this project, so not updated:\n")[2]
    assert removed.split()[:2] == ["hosting/README.md", "hosting/src/hosting/new.py"]


def test_each_version_can_be_chosen_and_is_recorded(project: Repository) -> None:
    for version, updated in (
        ("1.1.0", True),
        ("v1.2.0", True),
        ("1.2.0", False),
        ("1.0.0", False),
    ):
        before = project.state()
        done = project.make("update", f"VERSION={version}")

        assert done.returncode == 0, done.stdout
        assert ("Updated, in one commit." in done.stdout) is updated
        assert (project.state() != before) is updated

    assert 'version = "1.2.0"' in project.read(".template.toml")
    assert "- First version" not in project.git("log", "--format=%b")


def test_update_does_not_depend_on_the_history(project: Repository) -> None:
    """The project was squashed, and is a new repository."""
    shutil.rmtree(project.path / ".git")
    project.git("init", "--quiet")
    project.commit("Everything")

    assert project.make("update").returncode == 0

    assert (project.path / "docs/new/page.md").exists()


def test_commits_before_the_rename_are_kept(template: Repository, tmp_path: Path) -> None:
    project = template.clone(tmp_path / "acme")
    project.git("reset", "--quiet", "--hard", "v1.1.0")
    project.write("docs/api.md", "Our API.\n")
    project.commit("Our API")
    assert project.rename("Acme").returncode == 0

    assert project.make("update").returncode == 0

    assert project.read("docs/api.md") == "Our API.\n"
    assert "- alert: AcmeGone" in project.read(ALERTS)


@pytest.fixture
def conflict(project: Repository) -> Repository:
    """A project whose update has stopped: both sides have renamed an alert."""
    project.replace(ALERTS, "- alert: AcmeSocialDown", "- alert: AcmeSocialAway")
    project.commit("Our alert")
    project.git("branch", "before")
    done = project.make("update")
    assert f"    UU {ALERTS}\n" in done.stdout
    assert "git cherry-pick --continue" in done.stdout
    assert done.returncode
    return project


def test_update_can_be_aborted_without_loss(conflict: Repository) -> None:
    before = conflict.git("rev-parse", "before")

    conflict.git("cherry-pick", "--abort")

    assert conflict.state() == before


def test_update_can_be_continued(conflict: Repository) -> None:
    assert "An update has not been finished." in conflict.make("update").stdout
    conflict.git("checkout", "--ours", ALERTS)
    conflict.git("add", ALERTS)
    conflict.git("-c", "core.editor=true", "cherry-pick", "--continue")

    assert "This project has 1.2.0 of the template already." in conflict.make("update").stdout
    assert "AcmeSocialAway" in conflict.read(ALERTS)
    assert (conflict.path / "docs/new/page.md").exists()


def test_unknown_version_is_refused(project: Repository) -> None:
    before = project.state()

    done = project.make("update", "VERSION=9.9.9")

    assert "The template has no version 9.9.9. Releases: 1.2.0, 1.1.0, 1.0.0" in done.stdout
    assert done.returncode
    assert project.state() == before


def test_uncommitted_changes_are_not_touched(project: Repository) -> None:
    append(project, "README.md", "My work.\n")
    before = project.state()

    done = project.make("update")

    assert "Commit or stash your changes first" in done.stdout
    assert done.returncode
    assert project.state() == before
    assert project.read("README.md").endswith("My work.\n")


@pytest.mark.parametrize(
    ("line", "replacement", "sentence"),
    [
        ("repository = .*", 'repository = "/nowhere"', "cannot be fetched from /nowhere"),
        ("repository = .*", "repository =", ".template.toml cannot be read: "),
        ("repository = .*", "", ".template.toml has no repository. Add a line"),
        ("tree = .*", f'tree = "{"0" * 40}"', "was made is unknown. Set tree in .template.toml"),
    ],
)
def test_damaged_record_is_explained(
    project: Repository, line: str, replacement: str, sentence: str
) -> None:
    record = re.sub(line, replacement, project.read(".template.toml"))
    project.write(".template.toml", record)
    project.git("checkout", "--quiet", "--orphan", "unrelated")
    project.commit("Damage")
    before = project.state()

    done = project.make("update")

    assert sentence in done.stdout
    assert done.returncode
    assert project.state() == before


def test_template_itself_is_not_updated(template: Repository) -> None:
    assert "git pull updates it" in template.make("update").stdout


def test_wrong_repository_is_named(project: Repository) -> None:
    """Of a project that was made by copying the template: origin is its own repository."""
    own = project.clone(project.path.with_name("own"))
    own.git("tag", "--delete", *own.git("tag").split())
    record = re.sub(
        'repository = ".*"', f'repository = "{own.path}"', project.read(".template.toml")
    )
    project.write(".template.toml", record)
    project.commit("Our repository")

    assert "has no release yet. Choose a branch" in project.make("update").stdout
    own.write("new.txt", "")
    own.commit("Later")
    done = project.make("update", "VERSION=main")

    assert "repository in .template.toml is not the template" in done.stdout
    assert done.returncode
