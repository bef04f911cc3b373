"""Files that browsers, search engines and password managers request at fixed paths.

To remove it, delete this module and `templates/site/`, the lines of app/__init__.py and
auth/session.py, and the link to the manifest in `templates/macros/layout.html`.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from .mail.messages import site_url
from .models import utcnow

site_files = Blueprint("site_files", __name__)
site_files.app_template_global("absolute_url")(site_url)

ICONS = {"favicon.ico": "favicon.ico", "apple-touch-icon.png": "img/icon-180.png"}
SECURITY_TXT_LIFETIME = timedelta(days=90)  # the RFC recommends less than a year


@site_files.get("/favicon.ico", defaults={"name": "favicon.ico"})
@site_files.get("/apple-touch-icon.png", defaults={"name": "apple-touch-icon.png"})
def icon(name: str) -> ResponseReturnValue:
    """Redirect to an icon, for what requests it without reading a page."""
    return redirect(url_for("static", filename=ICONS[name]))


@site_files.get("/site.webmanifest")
def manifest() -> Response:
    """Return the web app manifest, with which a phone adds the site to its home screen."""
    text = render_template("site/manifest.json")
    return Response(text, mimetype="application/manifest+json")


@site_files.get("/robots.txt")
def robots() -> Response:
    """Return what search engines may read (RFC 9309)."""
    return _text("site/robots.txt")


@site_files.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Return how to report vulnerabilities (RFC 9116); 404 without SECURITY_CONTACT."""
    if not current_app.config["SECURITY_CONTACT"]:
        abort(404)
    expires = (utcnow() + SECURITY_TXT_LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _text("site/security.txt", expires=expires)


@site_files.get("/.well-known/change-password")
def change_password() -> ResponseReturnValue:
    """Redirect to the form, for password managers (a W3C draft)."""
    return redirect(url_for("auth.change_password"))


def _text(template: str, **context: Any) -> Response:
    return Response(render_template(template, **context), mimetype="text/plain")
