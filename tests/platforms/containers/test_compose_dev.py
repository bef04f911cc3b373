""".devcontainer/compose.yaml: the site in containers, with live reload."""

import shutil
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.platforms.containers.stack import Stack
from tests.support import base_images
from tests.support.podman import Podman
from tests.support.servers import connect, eventually, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("containers")]


@pytest.fixture
def site(engine: Podman, clone: Path, image: str, tmp_path: Path) -> Iterator[Stack]:
    base_images.fetch_compose(engine)
    folder = tmp_path / "project"
    shutil.copytree(clone, folder)
    folder.chmod(0o755)  # the user of the container reads it
    before = engine.environment.copy()
    stack = Stack(engine, folder)
    engine.environment["COMPOSE_PROJECT_NAME"] += "-dev"
    engine.environment["COMPOSE_FILE"] = "compose.yaml:.devcontainer/compose.yaml"
    stack.run("docker compose up -d")
    yield stack
    stack.run("docker compose down --volumes")
    engine.environment.clear()
    engine.environment.update(before)


def wait_until_home_shows(site: Stack, text: str) -> None:
    def is_shown() -> bool:
        try:
            return text in fetch(connect(site.host)).body.decode()
        except (OSError, HTTPException):  # it is restarting
            return False

    try:
        eventually(is_shown)
    except AssertionError:
        pytest.fail(site.run("docker compose logs web").stdout)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_changes_of_templates_and_code_are_seen_at_once(site: Stack) -> None:
    wait_until_home_shows(site, "Short posts, good company.")
    replace(site.clone / "app/templates/macros/hero.html", "good company", "live reload")
    wait_until_home_shows(site, "Short posts, live reload.")
    replace(site.clone / "app/__init__.py", '"site_name": "Flasky"', '"site_name": "Edited"')
    wait_until_home_shows(site, "Edited</title>")

    assert b'"ready"' in fetch(connect(site.host), "/readyz").body
    assert "postgresql" in site.run("docker compose exec -T web flask config").stdout
