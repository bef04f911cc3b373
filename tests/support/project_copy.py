"""A copy of the application in a directory of its own, for tests of its `.env`."""

import shutil
from pathlib import Path

from tests.support.repository import ROOT


def copy_project(folder: Path) -> Path:
    """Copy the application and its settings into `folder`, which must not exist; return it."""
    for name in ("app", "envconfig"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("config.py", "gunicorn.conf.py", "manage.py"):
        shutil.copy(ROOT / name, folder)
    return folder
