"""Safe redirects: `next` parameters that lead to this site only."""

import re

from flask import request, url_for

# Browsers drop control characters, read a backslash as a slash, and read what follows two
# slashes as a host.
SAFE_PATH = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")


def is_safe_redirect(target: str) -> bool:
    """Return True if `target` is a path on this site."""
    return SAFE_PATH.fullmatch(target) is not None


def redirect_target(fallback: str = "main.index") -> str:
    """Return the URL of the request's `next` parameter if it is safe, or of `fallback`.

    Like `request.path`, `next` need not include the path of SITE_URL.
    """
    target, root = request.form.get("next") or request.args.get("next", ""), request.script_root
    if not is_safe_redirect(target):
        return url_for(fallback)
    return target if target.startswith(f"{root}/") else root + target
