"""The settings: a list of sections, most of which are pages of other modules."""

from typing import Any, NamedTuple

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_required

from ..security import openid
from . import auth


class Section(NamedTuple):
    """A link in the navigation: the endpoint and the icon of a page, and texts about it."""

    endpoint: str
    icon: str  # in macros/icons.html
    label: Any
    description: Any


# To add a section, add a line here, and let the template of its page extend
# auth/settings_layout.html.
SECTIONS = [
    Section("main.edit_profile", "user", _l("Profile"), _l("Name, location and a few words")),
    Section("auth.account", "mail", _l("Account"), _l("Username and email address")),
    Section("auth.change_password", "key", _l("Password"), _l("Choose a new password")),
    Section(
        "auth.two_factor", "phone", _l("Two-factor authentication"), _l("A code at each login")
    ),
    Section("auth.passkeys", "fingerprint", _l("Passkeys"), _l("Log in without a password")),
    Section("auth.identity", "link", _l("Linked account"), _l("Log in with another account")),
    # demo-only: begin
    Section(
        "main.hidden_users",
        "eye-off",
        _l("Blocked and muted"),
        _l("People whose posts you don’t see"),
    ),
    # demo-only: end
    Section("auth.sessions", "devices", _l("Sessions"), _l("Devices that are logged in")),
    Section("auth.security_log", "clock", _l("Security log"), _l("Logins and changes")),
    Section("auth.tokens", "code", _l("API tokens"), _l("Access for apps and scripts")),
    # demo-only: begin
    Section("auth.notifications", "bell", _l("Notifications"), _l("What we send you by email")),
    # demo-only: end
    Section(
        "main.preferences", "sliders", _l("Language and theme"), _l("How the site looks for you")
    ),
    Section(
        "auth.export", "download", _l("Export your data"), _l("Download a copy of everything")
    ),
    Section("auth.delete_account", "trash", _l("Delete account"), _l("Delete everything")),
]


@auth.app_template_global()
def settings_sections() -> list[Section]:
    """Return the sections that the current user can open."""
    # Administrators cannot delete their own accounts: see session.py.
    closed = {"auth.delete_account"} if current_user.is_administrator() else set()
    closed |= set() if openid.is_enabled() else {"auth.identity"}
    return [section for section in SECTIONS if section.endpoint not in closed]


@auth.get("/settings")
@login_required
def settings() -> ResponseReturnValue:
    """List the sections. On phones, their pages have no navigation but a link to this one."""
    return render_template("auth/settings.html")


@auth.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """Show the username and the email address, with links to change them."""
    return render_template("auth/account.html")
