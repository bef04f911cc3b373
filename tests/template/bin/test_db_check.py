"""`make db-check` explains what is wrong with migrations."""

from pathlib import Path

import pytest

from tests.template.projects import template_repository

pytestmark = pytest.mark.fresh


def test_two_last_migrations_are_to_be_joined(tmp_path: Path) -> None:
    """After a merge, for example with `make update`."""
    repository = template_repository(tmp_path)
    last = max(path for path in repository.tracked() if path.startswith("migrations/versions/"))
    text = repository.read(last)
    repository.write(
        "migrations/versions/other.py", text.replace('revision = "0', 'revision = "x')
    )
    repository.replace("migrations/versions/other.py", 'down_revision = "x', 'down_revision = "0')

    done = repository.run("bin/db-check")

    assert "2 migrations are the last one, as after a merge." in done.stdout
    assert "Join them: flask db merge heads" in done.stdout
    assert done.returncode == 1


def test_missing_migration_is_to_be_written(tmp_path: Path) -> None:
    repository = template_repository(tmp_path)
    repository.replace("app/models/role.py", "String(64)", "String(65)")
    repository.replace(
        "app/models/role.py",
        "default: Mapped[bool]",
        "other: Mapped[bool | None]\n    default: Mapped[bool]",
    )

    done = repository.run("bin/db-check")

    assert "The migrations do not match the models: 'flask db migrate' writes" in done.stdout
    assert done.returncode == 1
