"""A slug of this project, a database, and the Heroku CLI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.paas.heroku_cli import HerokuCli
from tests.platforms.paas.slug import BuildFailed, Slug, build, commit, make_project
from tests.support.databases import EphemeralPostgres
from tests.support.servers import SECRET_KEY


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> HerokuCli:
    """The Heroku CLI with its own home directory."""
    return HerokuCli(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the files of the working tree."""
    folder = tmp_path_factory.mktemp("project")
    make_project(folder)
    return folder


@pytest.fixture(scope="session")
def slug(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Slug:
    """The project as a platform builds it."""
    archive = tmp_path_factory.mktemp("archive") / "slug.tar"
    packages = tmp_path_factory.mktemp("packages") / "environment"
    commit(project, "archive", f"--output={archive}", "HEAD")
    try:
        return build(archive, tmp_path_factory.mktemp("slug"), packages, {})[0]
    except BuildFailed as error:
        if "error sending request" in str(error) or "Failed to fetch" in str(error):
            pytest.skip(f"The packages cannot be downloaded: {error}")
        raise


@pytest.fixture
def empty_database(postgres: EphemeralPostgres) -> str:
    """The URL of an empty database, in the form of platforms."""
    return as_platform_url(postgres.new_database())


@pytest.fixture(scope="session")
def database(postgres: EphemeralPostgres, slug: Slug) -> str:
    """The URL of a database with tables."""
    url = as_platform_url(postgres.new_database())
    variables = heroku_variables(url, "https://flasky.example")
    completed = slug.run("flask deploy", variables)
    assert completed.returncode == 0, completed.stderr
    return url


def as_platform_url(url: str) -> str:
    """Return a database URL with the scheme that platforms use."""
    return url.replace("postgresql+psycopg2:", "postgres:")


def heroku_variables(database: str, url: str, **extra: object) -> dict[str, str]:
    """Return the config vars of a site at `url`."""
    variables = {
        "FLASK_CONFIG": "heroku",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database,
        "SITE_URL": url,
        "WEB_CONCURRENCY": "1",
    }
    return variables | {name: str(value) for name, value in extra.items()}


@pytest.fixture
def dotenv(slug: Slug) -> Iterator[Path]:
    """The file .env of the slug; it is deleted afterwards."""
    path = slug.folder / ".env"
    yield path
    path.unlink(missing_ok=True)


def write_dotenv(path: Path, variables: dict[str, str]) -> None:
    """Write `variables` to the file `path`."""
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
