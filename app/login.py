"""Who asks: a person, known by a cookie, or a program, known by its token alone."""

from typing import Any

from flask import abort

from .audience import is_for_programs
from .keys import RotatingLoginManager


class SiteLoginManager(RotatingLoginManager):
    """Reads cookies for pages. For the API it reads none, so that no other site can use them.

    The API says by `identify()` whose token a request brought; until then nobody is there.
    """

    def identify(self, user: Any) -> None:
        """Let `user` be the one who asks."""
        self._update_request_context_with_user(user)

    def _load_user(self) -> Any:
        """Find out who asks; Flask-Login calls this when somebody wants to know."""
        return self.identify(None) if is_for_programs() else super()._load_user()

    def _update_remember_cookie(self, response: Any) -> Any:
        """Look into the session for what is to be remembered, where there is a session."""
        return response if is_for_programs() else super()._update_remember_cookie(response)

    def unauthorized(self) -> Any:
        """Answer someone who is nobody: a person may log in, a program gets a 401."""
        return abort(401) if is_for_programs() else super().unauthorized()
