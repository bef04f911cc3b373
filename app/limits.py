"""How often a stranger may try, as the settings say."""

from collections.abc import Callable

from flask import current_app


def setting(name: str) -> Callable[[], str]:
    """Return a limit that is read from the configuration when it is needed."""
    return lambda: str(current_app.config[name])


LOGIN = setting("RATELIMIT_LOGIN")
API = setting("RATELIMIT_API")
