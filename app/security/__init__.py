"""Security: response headers, HTTPS, proxies, request validation, signing keys, tokens, logins.

Each module is one concern; to remove one, delete it and its name in `init_app`. Other packages
import `login_manager`, `passwords`, `redirects`, `secret_keys`, `tokens` and `trusted_clients`.
"""

from flask import Flask

from . import cache_control, headers, https, request_validation, secret_keys


def init_app(app: Flask) -> None:
    """Register the hooks. Call this before `CSRFProtect.init_app`, so that they run first.

    `proxies.init_app` is called last: it wraps the middleware of all other packages.
    """
    for module in (headers, https, request_validation, cache_control, secret_keys):
        module.init_app(app)
