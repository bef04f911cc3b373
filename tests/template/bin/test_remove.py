"""`make remove-demo` and `make remove` leave a project that works, and that can be updated."""

import re
import shutil
from pathlib import Path

import pytest

from tests.template.projects import Repository, template_repository
from tests.template.test_docs import LINK

pytestmark = [pytest.mark.fresh, pytest.mark.xdist_group("remove")]

# Deploys, and shows the pages of a new user and of an administrator.
PAGES = """
from app import create_app, db
from app.models import Role, User
app = create_app("development")
app.config.update(WTF_CSRF_ENABLED=False)
with app.app_context():
    for name, role in (("ann", "User"), ("bob", "Administrator")):
        user = User(username=name, email=f"{name}@example.com", password="correct horse battery")
        user.confirmed, user.role = True, Role.find_by_name(role)
        db.session.add(user)
    db.session.commit()
for login in (None, "ann", "bob"):
    client = app.test_client()
    if login:
        fields = {"email": f"{login}@example.com", "password": "correct horse battery"}
        assert client.post("/auth/login", data=fields).status_code == 302
    paths = "/", "/user/ann", "/edit-profile", "/edit-profile/1", "/preferences", "/api/docs"
    for path in paths:
        response = client.get(path)
        print(login, path, response.status_code, "Welcome" in response.text)
"""
LINT = (
    (".venv/bin/python", "-m", "ruff", "check", "."),
    (".venv/bin/python", "-m", "ruff", "format", "--check", "."),
    (".venv/bin/python", "-m", "mypy"),
    (".venv/bin/lint-imports",),
)
# Tests of what the parts share.
SAMPLE = [
    "tests/test_config.py",
    "tests/test_i18n.py",
    "tests/test_parts.py",
    "tests/cli/test_config.py",
    "tests/main/test_preferences.py",
    "tests/translations/test_catalogues.py",
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The template: 1.0.0 is its present state, 1.1.0 changes what the project removes."""
    repository = template_repository(tmp_path_factory.mktemp("template"))
    repository.git("tag", "v1.0.0")
    for name in ("app/main/posts.py", "benchmarks/pages.py", "hosting/README.md"):
        repository.write(name, repository.read(name) + "\n# Changed\n")
    repository.write("app/main/posts_new.py", '"""A module without a part."""\n')
    repository.replace(
        "app/models/user.py",
        "    post_count: Mapped[int]",
        "    like_count: Mapped[int] = mapped_column(default=0)\n    post_count: Mapped[int]",
    )
    repository.replace("app/models/user.py", "at least a minute old", "at least one minute old")
    repository.replace("docs/README.md", "## Tutorial", "## Tutorials")
    repository.commit("Change the demo and what is beside it")
    repository.git("tag", "v1.1.0")
    return repository


@pytest.fixture(scope="module")
def renamed(template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A project made from version 1.0.0."""
    project = template.clone(tmp_path_factory.mktemp("project") / "acme")
    project.git("reset", "--quiet", "--hard", "v1.0.0")
    assert project.rename("--", "Acme Social").returncode == 0
    return project


def copy_of(project: Repository, folder: Path) -> Repository:
    return Repository(shutil.copytree(project.path, folder / "acme", symlinks=True))


@pytest.fixture(scope="module")
def removed(renamed: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project without the demo."""
    project = copy_of(renamed, tmp_path_factory.mktemp("removed"))
    done = project.make("remove-demo")
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def project(renamed: Repository, tmp_path: Path) -> Repository:
    return copy_of(renamed, tmp_path)


def check_links(project: Repository) -> None:
    for path in project.tracked():
        if path.endswith(".md"):
            page = project.path / path
            for name, _ in LINK.findall(page.read_text()):
                assert (page.parent / name).exists(), f"{path}: {name}"


def check_marks(project: Repository, part: str) -> None:
    marks = re.compile(rf"\b{part}-only\b|\bwithout-{part}\b")
    for path in project.tracked():
        text = (project.path / path).read_bytes().decode(errors="ignore")
        assert not marks.search(f"{path}\n{text}"), path


def lint(project: Repository) -> None:
    for command in LINT:
        done = project.run(*command)
        assert done.returncode == 0, done.stdout


def test_demo_is_removed_in_one_commit(removed: Repository) -> None:
    assert removed.git("status", "--porcelain") == ""
    assert removed.git("log", "-1", "--format=%s") == "Remove demo\n"
    assert removed.git("rev-list", "--count", "HEAD") == "3\n"
    assert 'removed = ["demo"]' in removed.read(".template.toml")
    check_marks(removed, "demo")
    check_links(removed)
    names = re.compile(r"(?<!token\.)\b(Post|Comment|Follow|feed_of|post_count)\b")
    for path in removed.tracked():
        if path.startswith(("app/", "migrations/", "tests/support")) and path.endswith(".py"):
            assert not names.search(removed.read(path)), path


def test_rest_passes_lint(removed: Repository) -> None:
    lint(removed)


def test_migrations_match_the_models_and_pages_are_shown(removed: Repository) -> None:
    done = removed.run("bin/db-check")
    assert done.returncode == 0, done.stdout

    deployed = removed.python("-m", "flask", "deploy")
    assert "Deployed." in deployed.stdout, deployed.stdout
    output = removed.python("-c", PAGES).stdout
    assert "None / 200 True" in output, output
    assert "ann /user/ann 200" in output
    assert "bob /edit-profile/1 200" in output
    assert " 500 " not in output


def test_make_check_passes(removed: Repository) -> None:
    """Without lint, which is tested above, and hosting/."""
    done = removed.make("--old-file=lint", "check", "hosting=")

    assert done.returncode == 0, done.stdout


def test_translations_have_no_text_of_the_demo(removed: Repository) -> None:
    catalog = removed.read("app/translations/zh_Hans/LC_MESSAGES/messages.po")

    assert 'msgid "Publish"' not in catalog
    assert re.search(r'msgid "Welcome"\nmsgstr "\S+"', catalog)
    assert "\n#~" not in catalog


def test_update_leaves_out_what_was_removed(removed: Repository, tmp_path: Path) -> None:
    """Neither new files and lines of the demo nor conflicts with them."""
    project = copy_of(removed, tmp_path)

    done = project.make("update")

    assert done.returncode == 0, done.stdout
    assert "Updated, in one commit." in done.stdout
    user = project.read("app/models/user.py")
    assert "like_count" not in user
    assert "at least one minute old" in user
    assert "## Tutorials" in project.read("docs/README.md")
    assert not (project.path / "app/main/posts.py").exists()
    assert not (project.path / "benchmarks").exists()
    assert 'removed = ["demo"]' in project.read(".template.toml")


def test_update_stops_if_both_have_changed_a_line(removed: Repository, tmp_path: Path) -> None:
    project = copy_of(removed, tmp_path)
    project.replace("app/models/user.py", "at least a minute old", "at least 60 s old")
    project.commit("Our words")

    done = project.make("update")

    assert "UU app/models/user.py" in done.stdout
    assert done.returncode
    project.git("cherry-pick", "--abort")
    assert "60 s old" in project.read("app/models/user.py")


@pytest.mark.parametrize(
    ("parts", "removed"),
    [
        (
            "docker heroku monitoring hosting chinese",
            "docker kubernetes heroku monitoring hosting chinese",
        ),
        ("demo heroku", "demo heroku"),
    ],
)
def test_combination_of_parts_is_removed(project: Repository, parts: str, removed: str) -> None:
    done = project.make("remove", f"PART={parts}")

    assert done.returncode == 0, done.stdout
    assert project.git("log", "-1", "--format=%s") == f"Remove {removed.replace(' ', ' and ')}\n"
    for part in removed.split():
        check_marks(project, part)
    check_links(project)
    lint(project)
    tests = project.python("-m", "pytest", "-q", "-n0", "-m", "not postgresql", *SAMPLE)
    assert tests.returncode == 0, tests.stdout


def test_dry_run_lists_the_changes_only(project: Repository) -> None:
    before = project.state()

    done = project.make("remove-demo", "DRY_RUN=1")

    for line in (
        "remove  app/main/posts.py",
        "change  app/models/user.py",
        "create  app/main/start.py",
        "change  app/templates/index.html",
        "change  tests/models/test_schema.py",
    ):
        assert f"{line}\n" in done.stdout
    assert project.state() == before


@pytest.mark.parametrize("name", ["README.md", "untracked.txt"])
def test_uncommitted_changes_are_not_touched(project: Repository, name: str) -> None:
    project.write(name, "my work\n")
    before = project.state()

    done = project.make("remove-demo")

    assert "Commit or stash your changes first" in done.stdout
    assert project.state() == before
    assert project.read(name) == "my work\n"


def test_failed_commit_leaves_the_project_as_it_was(project: Repository) -> None:
    project.git("config", "commit.gpgsign", "true")
    project.git("config", "gpg.program", "false")
    before = project.state()

    done = project.make("remove", "PART=hosting")

    assert "git commit --quiet --no-verify failed: error: gpg failed to sign" in done.stdout
    assert project.state() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["remove"], "Name what to remove. Choose from: make remove PART=…"),
        (["remove", "PART=blog"], "There is no part blog. Choose from: make remove PART=…"),
    ],
)
def test_unknown_part_is_refused(project: Repository, arguments: list[str], sentence: str) -> None:
    before = project.state()

    done = project.make(*arguments)

    assert sentence in done.stdout
    assert "    demo         the example application" in done.stdout
    assert done.returncode
    assert project.state() == before


def test_removed_part_cannot_be_removed_again(removed: Repository) -> None:
    done = removed.make("remove", "PART=demo")

    assert "demo has been removed already" in done.stdout
    assert done.returncode


def test_template_must_be_renamed_first(template: Repository) -> None:
    done = template.make("remove-demo")

    assert "Rename the project first: make rename NAME=" in done.stdout
    assert done.returncode
