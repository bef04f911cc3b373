""".devcontainer/compose.yaml: the site in containers, with live reload."""

import shutil
from collections.abc import Iterator
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
    before = engine.environment.copy()
    stack = Stack(engine, folder)
    engine.environment["COMPOSE_PROJECT_NAME"] += "-dev"
    engine.environment["COMPOSE_FILE"] = "compose.yaml:.devcontainer/compose.yaml"
    stack.run("docker compose up -d")
    yield stack
    stack.run("docker compose down --volumes")
    engine.environment.clear()
    engine.environment.update(before)


def home(site: Stack) -> str:
    return fetch(connect(site.host)).body.decode()


def test_changes_of_templates_and_code_are_seen_at_once(site: Stack) -> None:
    def shows(text: str) -> bool:
        try:
            return text in home(site)
        except OSError:  # it is restarting
            return False

    eventually(lambda: shows("Short posts, good company."))
    hero, app = (
        site.clone / name for name in ("app/templates/macros/hero.html", "app/__init__.py")
    )
    hero.write_text(hero.read_text().replace("good company", "live reload"))
    eventually(lambda: shows("Short posts, live reload."))
    app.write_text(app.read_text().replace('"site_name": "Flasky"', '"site_name": "Edited"'))
    eventually(lambda: shows("Edited</title>"))

    ready = fetch(connect(site.host), "/readyz").body
    assert ready.strip() == b'{"status":"ready"}'
    assert "postgresql" in site.run("docker compose exec -T web flask config").stdout
