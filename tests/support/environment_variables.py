"""The environment variables that the application reads."""

import re

import config
from tests.support.repository import ROOT

READ = re.compile(r'\benv\.\w+\("([A-Z_]+)"')


def environment_variables() -> set[str]:
    """Return the names of all variables read by config.py and gunicorn.conf.py."""
    return config.env.names | set(READ.findall((ROOT / "gunicorn.conf.py").read_text()))
