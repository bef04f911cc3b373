"""The login manager: pages authenticate by cookies, the API only by tokens."""

from typing import Any

from flask import abort, current_app, g, request
from flask_login import LoginManager
from flask_login.utils import decode_cookie, encode_cookie
from sqlalchemy import inspect

from ..api_requests import is_api_request
from .secret_keys import signing_keys


class SiteLoginManager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Ignores cookies in API requests, which makes CSRF against the API impossible.

    The API calls `set_loaded_user()` for a valid token; without one, the user is anonymous.
    """

    def _load_user(self) -> Any:
        """Load the user from the session or the remember-me cookie; Flask-Login calls this."""
        if is_api_request() or "HTTP_COOKIE" not in request.environ:
            return self._update_request_context_with_user()
        return super()._load_user()

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        """Return the user of a remember-me cookie that a current or previous key signed."""
        if not cookie.isascii():  # Flask-Login raises an exception for these
            return None
        for key in signing_keys(current_app.config):
            user_id = decode_cookie(cookie, key)
            if user_id is not None:
                return super()._load_user_from_remember_cookie(encode_cookie(user_id))
        return None

    def _update_remember_cookie(self, response: Any) -> Any:
        """Set the remember-me cookie; API requests and static files don't depend on a session."""
        if is_api_request() or g.get("is_static_file"):
            return response
        return super()._update_remember_cookie(response)

    def unauthorized(self) -> Any:
        """Redirect to the login page; answer API requests with 401."""
        return abort(401) if is_api_request() else super().unauthorized()


def loaded_user() -> Any:
    """Return the user whom Flask-Login has loaded for this request, or None; load nothing.

    `current_user` would query the database if nothing has used it yet.
    """
    return g.get("_login_user")


def loaded_user_id() -> int | None:
    """Return the id of the loaded user, or None, without refreshing an expired instance."""
    user = loaded_user()
    identity = user and getattr(inspect(user, raiseerr=False), "identity", None)
    return int(identity[0]) if identity else None


def set_loaded_user(user: Any) -> None:
    """Make `user` the current user of this request, so that nothing queries the database."""
    g._login_user = user
