"""Create applications with other settings than those of the test suite."""

import os
import runpy
from typing import Any
from unittest.mock import patch

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

import config
from app import create_app
from tests.support.repository import ROOT


class SharedTemplates(BytecodeCache):
    """Compiled templates, shared by all applications of a test run: compiling takes a while."""

    def __init__(self) -> None:
        self.compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


templates = SharedTemplates()


def make_app(**settings: Any) -> Flask:
    """Return an application with TestingConfig and these settings."""
    return _create(type("CustomConfig", (config.TestingConfig,), settings))


def make_app_from(name: str, **environment: str) -> Flask:
    """Return the application for FLASK_CONFIG=`name` in this environment, and nothing else."""
    return _create(settings_from(name, **environment))


def settings_from(name: str, **environment: str) -> Any:
    """Return the class `name` of config.py, evaluated in this environment and nothing else."""
    with patch.dict(os.environ, environment, clear=True):
        return runpy.run_path(str(ROOT / "config.py"))["config"][name]


def _create(config_class: Any) -> Flask:
    config.config["custom"] = config_class
    try:
        app = create_app("custom")
        app.jinja_env.bytecode_cache = templates
        return app
    finally:
        del config.config["custom"]
