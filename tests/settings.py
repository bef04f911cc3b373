"""Applications with other settings than the test suite's own."""

import runpy
from typing import Any

from flask import Flask

import config
from app import create_app
from settings.environment import reading

from .repository import ROOT


def make_app(**settings: Any) -> Flask:
    """Return the application in TestingConfig with `settings` changed."""
    config.config["altered"] = type("AlteredConfig", (config.TestingConfig,), settings)
    try:
        return create_app("altered")
    finally:
        del config.config["altered"]


def make_app_from(name: str, **environment: str) -> Flask:
    """Return the application as FLASK_CONFIG=`name` makes it, where nothing else is set."""
    config.config["altered"] = settings_from(name, **environment)
    try:
        return create_app("altered")
    finally:
        del config.config["altered"]


def settings_from(name: str, **environment: str) -> Any:
    """Return the class that config.py has for `name`, read anew where nothing else is set."""
    with reading(environment):
        return runpy.run_path(str(ROOT / "config.py"))["config"][name]
