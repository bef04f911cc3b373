"""The restore drill without a database; with one, see containers/test_backup_and_delete.py."""

from pathlib import Path

import pytest

from hosting.agent import drill
from hosting.agent.paths import App, CommandError


def test_drill_without_postgresql_is_refused_and_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text('{"variables": {}}')
    app = App(tmp_path)

    with pytest.raises(CommandError, match="needs a PostgreSQL of the app"):
        drill.run(app)

    assert drill.last(app) == {"result": "has not run yet", "failed": False}
