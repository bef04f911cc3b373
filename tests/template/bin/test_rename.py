"""`make rename` leaves no trace of the template's name, and a project that works."""

import re
from pathlib import Path

import pytest

from tests.template.projects import Repository, template_repository
from tests.template.test_docs import LINK

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rename")]

# ASCII; the longest name and word, with umlauts and an apostrophe; one that contains the old name.
NAMES = [
    ("Acme Social", "Acme Social", "acmesocial"),
    ("Zoë's Überlanger Bäckereiblog", "Zoë’s Überlanger Bäckereiblog", "zoesbaeckereiweblogs"),
    ("Flaskyard", "Flaskyard", "flaskyard"),
]
# Tests that compare names: emails, settings, metrics, catalogues, the API, logs.
SAMPLE = [
    "tests/api/test_openapi.py",
    "tests/error_reporting/test_report.py",
    "tests/logs/test_redaction.py",
    "tests/mail/test_messages.py",
    "tests/mail/test_smtp.py",
    "tests/metrics/test_definitions.py",
    "tests/test_i18n.py",
    "tests/translations/test_catalogues.py",
]
GET = """
from app import create_app
print(create_app("development").test_client().get("/api/docs").text)
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return template_repository(tmp_path_factory.mktemp("template"))


@pytest.fixture
def clone(template: Repository, tmp_path: Path) -> Repository:
    return template.clone(tmp_path / "clone")


class Project(Repository):
    title: str
    slug: str


@pytest.fixture(scope="module", params=NAMES, ids=lambda names: names[2])
def project(
    request: pytest.FixtureRequest,
    template: Repository,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    name, title, slug = request.param
    renamed = Project(template.clone(tmp_path_factory.mktemp("project") / "clone").path)
    renamed.title, renamed.slug = title, slug
    slug_option = [f"SLUG={slug}"] if slug == "zoesbaeckereiweblogs" else []
    done = renamed.make("rename", f"NAME={name}", *slug_option)
    assert done.returncode == 0, done.stdout
    assert f"This project is now {title} ({slug})" in done.stdout
    return renamed


def test_no_trace_of_the_template_is_left(project: Project) -> None:
    traces = re.compile("flasky|template-only|project-only|tests/template", re.IGNORECASE)
    for path in project.tracked():
        content = (project.path / path).read_bytes().decode(errors="ignore")
        own_name = re.compile(f"{project.slug}|{project.title}", re.IGNORECASE)
        text = own_name.sub("", f"{path}\n{content}")
        assert path == "LICENSE" or not traces.search(text), path
    assert not (project.path / "tests/template").exists()


def test_rename_is_one_commit(project: Project) -> None:
    assert project.git("status", "--porcelain") == ""
    assert project.git("log", "--format=%s").splitlines() == [
        f"Rename Flasky to {project.title}",
        "The template",
    ]
    assert project.git("diff", "--name-only", "HEAD~", "--", "LICENSE", "hosting") == ""


def test_pages_of_the_project_are_rewritten(project: Project) -> None:
    assert project.read("README.md").startswith(f"# {project.title}\n\nDescribe here what ")
    assert project.read("CHANGELOG.md").endswith("ISO 8601.\n\n## Unreleased\n")
    for page in project.path.glob("**/*.md"):
        if not page.is_relative_to(project.path / ".venv"):
            for name, _ in LINK.findall(page.read_text()):
                assert (page.parent / name).exists(), f"{page}: {name}"


def test_secret_key_is_new(project: Project) -> None:
    env = project.read(".env")

    assert re.search(r"^SECRET_KEY=[\w-]{64}$", env, re.MULTILINE)
    assert f"#{project.slug.upper()}_ADMIN=" in env
    assert (project.path / ".env").stat().st_mode & 0o777 == 0o600


def test_code_is_formatted(project: Project) -> None:
    for arguments in (["check", "."], ["format", "--check", "."]):
        done = project.python("-m", "ruff", *arguments)
        assert done.returncode == 0, done.stdout


@pytest.mark.fresh
def test_project_reads_its_settings_and_shows_its_name(project: Project) -> None:
    prefix = project.slug.upper()
    done = project.python("-m", "flask", "config", **{f"{prefix}_ADMIN": "ann@example.com"})

    assert re.search(rf"{prefix}_ADMIN .*ann@example\.com", done.stdout), done.stdout
    assert project.title in project.python("-c", GET).stdout


@pytest.mark.fresh
@pytest.mark.parametrize("project", NAMES[::2], indirect=True)
def test_tests_of_names_pass(project: Project) -> None:
    done = project.python(
        "-m", "pytest", "-q", "-n0", "-m", "not postgresql and not slow", *SAMPLE
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.fresh
@pytest.mark.parametrize("project", NAMES[1:2], indirect=True)
def test_make_check_passes(project: Project) -> None:
    """Without lint, of which the part that depends on names is tested above, and hosting/."""
    done = project.make("--old-file=lint", "check", "hosting=")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Name the project: make rename NAME="),
        ("a<b", "NAME=a<b cannot be used: begin with a letter"),
        ("1 Acme", "begin with a letter"),
        ("A" * 31, "at most 30 letters"),
        ("An Acme for all of Scotland", "choose 2 to 20 lower-case ASCII letters"),
        ("X", "choose 2 to 20 lower-case ASCII letters"),
        ("日本", "日本 cannot be spelled in ASCII. Choose a word for code: SLUG=acme"),
        ("Class", "class cannot be used in code: it is a keyword of Python"),
        ("E-Mail", "email cannot be used in code: it is a module of Python"),
        ("Flask", "flask cannot be used in code: it is a package"),
        ("App", "app cannot be used in code: it is a package or directory"),
        ("Mail", "the beginning of other settings (MAIL_…)"),
        ("Postgres", "used by another program on servers"),
        ("Flasky", "the name of the template"),
    ],
)
def test_unusable_name_is_refused(template: Repository, name: str, sentence: str) -> None:
    before = template.state()

    done = template.rename("--", name)

    assert sentence in done.stdout
    assert (done.returncode, template.state()) == (1, before)


def test_name_must_be_given_on_the_command_line(template: Repository) -> None:
    """WSL sets the environment variable NAME to the name of the computer."""
    done = template.make("rename", NAME="DESKTOP")

    assert 'Name the project: make rename NAME="Acme Social"' in done.stdout
    assert done.returncode


def test_dry_run_lists_the_changes_only(template: Repository) -> None:
    before = template.state()

    done = template.make("rename", "NAME=Acme Social", "DRY_RUN=1")

    assert "Acme Social: acmesocial, ACMESOCIAL_ADMIN, AcmeSocialDown" in done.stdout
    assert "remove  tests/template/bin/test_rename.py" in done.stdout
    assert "move    deploy/nginx/flasky.conf -> deploy/nginx/acmesocial.conf" in done.stdout
    assert re.search(r"^change  app/__init__.py \(1\)$", done.stdout, re.MULTILINE)
    assert template.state() == before


@pytest.mark.parametrize("name", ["README.md", "untracked.txt"])
def test_uncommitted_changes_are_not_touched(clone: Repository, name: str) -> None:
    clone.write(name, "my work\n")
    before = clone.state()

    done = clone.rename("Acme")

    assert "Commit or stash your changes first" in done.stdout
    assert name in done.stdout
    assert (done.returncode, clone.state()) == (1, before)


def test_failed_commit_leaves_the_project_as_it_was(clone: Repository) -> None:
    clone.git("config", "commit.gpgsign", "true")
    clone.git("config", "gpg.program", "false")
    before = clone.state()

    done = clone.rename("Acme")

    assert "git commit failed" in done.stdout
    assert (done.returncode, clone.state()) == (1, before)
    assert not (clone.path / ".env").exists()


def test_settings_in_env_are_renamed_and_its_key_is_kept(clone: Repository) -> None:
    clone.write(".env", "FLASKY_ADMIN=ann@example.com\nSECRET_KEY=mine\n")

    assert clone.rename("Acme").returncode == 0

    assert clone.read(".env") == "ACME_ADMIN=ann@example.com\nSECRET_KEY=mine\n"


def test_password_in_the_url_of_the_template_is_not_recorded(clone: Repository) -> None:
    clone.git("remote", "set-url", "origin", "https://ann:secret@example.com/template.git")

    assert clone.rename("Acme").returncode == 0

    assert 'repository = "https://example.com/template.git"' in clone.read(".template.toml")
