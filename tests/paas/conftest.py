"""A slug of this project, a database for it, and the command line of Heroku's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import EphemeralPostgres
from tests.paas.heroku_cli import HerokuCli
from tests.paas.slug import BuildFailed, Slug, build, commit, make_project
from tests.system.servers import KEY


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> HerokuCli:
    """Heroku's command line, for a home of its own."""
    return HerokuCli(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds the project as it is now."""
    folder = tmp_path_factory.mktemp("project")
    make_project(folder)
    return folder


@pytest.fixture(scope="session")
def slug(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Slug:
    """The project as a platform would run it."""
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
    """The address of an empty database, as platforms write it."""
    return as_platforms_write(postgres.new_database())


@pytest.fixture(scope="session")
def database(postgres: EphemeralPostgres, slug: Slug) -> str:
    """The address of a database that has its tables."""
    url = as_platforms_write(postgres.new_database())
    variables = heroku_variables(url, "https://flasky.example")
    done = slug.run("flask deploy", variables)
    assert done.returncode == 0, done.stderr
    return url


def as_platforms_write(url: str) -> str:
    """Return a database URL with the scheme that platforms hand out."""
    return url.replace("postgresql+psycopg2:", "postgres:")


def heroku_variables(database: str, url: str, **more: object) -> dict[str, str]:
    """Return what an operator sets for a site at `url`."""
    variables = {
        "FLASK_CONFIG": "heroku",
        "SECRET_KEY": KEY,
        "DATABASE_URL": database,
        "FLASKY_URL": url,
        "WEB_CONCURRENCY": "1",
    }
    return variables | {name: str(value) for name, value in more.items()}


@pytest.fixture
def dotenv(slug: Slug) -> Iterator[Path]:
    """The file .env of the slug; it is gone afterwards."""
    path = slug.folder / ".env"
    yield path
    path.unlink(missing_ok=True)


def write_dotenv(path: Path, variables: dict[str, str]) -> None:
    """Write `variables` into the file `path`."""
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
