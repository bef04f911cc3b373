"""Accounts: sessions, registration, passwords, email addresses and API tokens.

To remove it (for single sign-on, say), delete this package, templates/auth and tests/auth, and
set `login_manager.user_loader` and `login_manager.login_view` elsewhere.
"""

from flask import Blueprint

auth = Blueprint("auth", __name__)

from . import email_change, expiry, password, registration, session, tokens  # noqa: E402, F401 - registers the views and the job
