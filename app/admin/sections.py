"""The pages of the administration, for its navigation."""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..models import Permission
from . import admin


class Section(NamedTuple):
    """A link in the navigation: the endpoint and the icon of a page, texts, who may open it."""

    endpoint: str
    icon: str  # in macros/icons.html
    label: Any
    description: Any
    permission: Permission = Permission.ADMIN


# To add a section, add a line here, and let the template of its page extend admin/layout.html.
SECTIONS = [
    Section("admin.dashboard", "home", _l("Overview"), _l("Numbers, checks and versions")),
    Section(
        *("admin.reports", "flag", _l("Reports"), _l("What users have reported")),
        permission=Permission.MODERATE,
    ),
    Section("admin.users", "user", _l("Users"), _l("Find, edit and suspend accounts")),
    Section("admin.roles", "key", _l("Roles"), _l("What each role may do")),
    Section("auth.audit_log", "clock", _l("Audit log"), _l("What administrators did")),
]


@admin.app_template_global()
def admin_sections() -> list[Section]:
    """Return the sections that the current user can open."""
    return [section for section in SECTIONS if current_user.can(section.permission)]
