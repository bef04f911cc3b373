"""Applications with other settings than the test suite's own."""

from typing import Any

from flask import Flask

import config
from app import create_app


def make_app(**settings: Any) -> Flask:
    """Return the application in TestingConfig with `settings` changed."""
    config.config["altered"] = type("AlteredConfig", (config.TestingConfig,), settings)
    try:
        return create_app("altered")
    finally:
        del config.config["altered"]
