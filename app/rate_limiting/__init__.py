"""Rate limits: where hits are counted (`memory`, `storage`) and how many are allowed (`limits`).

`limiter` in `extensions.py` is Flask-Limiter; views use it as a decorator.

To remove it: delete this package, `limiter` and the decorators.
"""

from importlib import import_module

from flask import Flask

from . import memory as memory  # registers the storage for `memory://`


def init_app(app: Flask) -> None:
    """Register the storage for Redis, if the site uses it: redis-py has 60 modules."""
    if app.config["RATELIMIT_STORAGE_URI"].startswith("shared+"):
        import_module(".storage", __name__)
