"""Every form of the site, with valid and with invalid values.

Names in braces are filled by `ContentSite.values`.
"""

import io
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage

from tests.support.factories import PASSWORD
from tests.support.http_client import Page
from tests.translations.site import ContentSite

LONG = "data " * 5000
BODY = {"body": "data"}
EMPTY_BODY = {"body": ""}
LONG_BODY = {"body": LONG}
PREVIEW = {**BODY, "preview": "1"}
PASSWORDS = {"password": "datadatadata", "password2": "datadatadata"}
DIFFERENT_PASSWORDS = {"password": "data", "password2": "datadata"}
ACCOUNT = {"email": "data_new@example.com", "username": "data_new", **PASSWORDS}


@dataclass(frozen=True)
class Submission:
    """A form on the page `path`; `action` chooses among several forms.

    A `direct` submission is a POST request without a form on a page.
    """

    role: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    action: str | None = None
    direct: bool = False

    @property
    def target(self) -> str:
        """The path that receives the form: by default that of the page."""
        defaults = {"/auth/unconfirmed": "/auth/confirm"}
        return self.action or defaults.get(self.path, self.path)

    def submit(self, site: ContentSite) -> Page:
        """Submit the form on an unchanged site; return the next page."""
        site.restore()
        client, path = site.client(self.role), site.path(self.path)
        if self.direct:
            return client.post(path, **self.fields)
        return client.submit(path, self.fields, self.action and site.path(self.action))


def button(role: str, page: str, action: str) -> Submission:
    """Return the submission of a form without visible fields."""
    return Submission(role, page, {}, action)


# demo-only: begin
CONTENT = [
    Submission("user", "/", BODY),
    Submission("user", "/", EMPTY_BODY),
    Submission("user", "/", LONG_BODY),
    Submission("user", "/", PREVIEW),
    Submission("anonymous", "/", BODY, direct=True),
    Submission("user", "/edit/{own_post}", BODY),
    Submission("user", "/edit/{own_post}", EMPTY_BODY),
    Submission("user", "/comment/{comment}/edit", {"body": "data data"}),
    button("user", "/post/{own_post}/deletion", "/post/{own_post}/deletion"),
    Submission("user", "/post/{others_post}", BODY),
    Submission("user", "/post/{others_post}", EMPTY_BODY),
    Submission("user", "/post/{others_post}", LONG_BODY),
    Submission("user", "/post/{others_post}", PREVIEW),
    Submission("user", "/post/{others_post}/report", {"reason": "spam"}),
    Submission("user", "/comment/{others_comment}/report", {"reason": "spam"}),
    Submission("user", "/preview", BODY, direct=True),
    button("user", "/comment/{comment}/deletion", "/comment/{comment}/deletion"),
    button("user", "/notifications", "/notifications/read"),
    Submission("user", "/notifications/read", {"until": "data"}, direct=True),
    Submission("user", "/auth/notifications", {"email": "daily"}),
    Submission("user", "/auth/notifications", {"email": "x"}),
    button(
        "anonymous",
        "/auth/unsubscribe/{unsubscribe_token}",
        "/auth/unsubscribe/{unsubscribe_token}",
    ),
    button("moderator", "/moderate", "/comment/{others_comment}/suspension"),
    button("moderator", "/moderate", "/comment/{disabled_comment}/restoration"),
]
# demo-only: end
USERS = [
    button("newcomer", "/user/data_user", "/follow/data_user"),
    Submission("moderator", "/follow/data_user", direct=True),
    Submission("user", "/follow/data_user", direct=True),
    button("moderator", "/user/data_user", "/unfollow/data_user"),
    Submission("newcomer", "/unfollow/data_user", direct=True),
    Submission("user", "/follow/data_blocked", direct=True),
    Submission("user", "/post/{blocked_post}", BODY, direct=True),
    Submission("user", "/block/data_user", direct=True),
    button("user", "/user/data_newcomer", "/block/data_newcomer"),
    Submission("user", "/block/data_blocked", direct=True),
    button("user", "/blocked-and-muted", "/unblock/data_blocked"),
    Submission("newcomer", "/unblock/data_user", direct=True),
    button("newcomer", "/user/data_user", "/mute/data_user"),
    button("newcomer", "/user/data_moderator", "/unmute/data_moderator"),
    Submission("user", "/edit-profile", {"name": "data"}),
    Submission("user", "/edit-profile", {"name": LONG}),
    Submission("user", "/edit-profile", {"picture": ""}, "/edit-profile/avatar"),
    Submission(
        "user",
        "/edit-profile",
        {"picture": FileStorage(io.BytesIO(b"data"), "data.jpg")},
        "/edit-profile/avatar",
    ),
    Submission("user", "/user/data_user/avatar/removal", direct=True),
    Submission("moderator", "/user/data_user/avatar/removal", direct=True),
    Submission("administrator", "/edit-profile/{user_id}", {"location": "data"}),
    Submission(
        "administrator",
        "/edit-profile/{user_id}",
        {"email": "data", "username": "2data", "name": LONG, "role": "999"},
    ),
    Submission(
        "administrator",
        "/edit-profile/{user_id}",
        {"email": "data_moderator@example.com", "username": "data_moderator", "role": "data"},
    ),
    Submission("administrator", "/user/data_user/suspension", {"reason": "data"}),
    Submission("administrator", "/user/data_user/suspension", {"reason": ""}),
    button(
        "administrator", "/user/data_suspended/reinstatement", "/user/data_suspended/reinstatement"
    ),
    Submission("administrator", "/user/data_user/deletion", {"username": "data_user"}),
    Submission("administrator", "/user/data_user/deletion", {"username": "data_other"}),
    Submission("user", "/user/data_newcomer/report", {"reason": "spam", "text": "data"}),
    Submission("user", "/user/data_newcomer/report", {"reason": "data", "text": LONG}),
    Submission("user", "/user/data_user/report", {"reason": "spam"}, direct=True),
    Submission("moderator", "/admin/reports/{report}", {"outcome": "acted", "note": "data"}),
    Submission("moderator", "/admin/reports/{report}", {"outcome": "dismissed", "note": "data"}),
    Submission("moderator", "/admin/reports/{report}", {"outcome": "x", "note": ""}),
    Submission("user", "/preferences", {"theme": "dark"}),
    Submission("anonymous", "/preferences", {"theme": None, "locale": None}),
    Submission("user", "/preferences", {"theme": "x", "locale": "x"}),
]
SESSIONS = [
    Submission(
        "anonymous", "/auth/login", {"email": "data_user@example.com", "password": PASSWORD}
    ),
    Submission("anonymous", "/auth/login", {"email": "data_user@example.com", "password": "data"}),
    Submission("anonymous", "/auth/login", {"email": "", "password": ""}),
    button("user", "/", "/auth/logout"),
    Submission("user", "/auth/sessions/1/revocation", direct=True),
    Submission("user", "/auth/sessions/revocation", direct=True),
    Submission("user", "/auth/delete-account", {"password": PASSWORD}),
    Submission("user", "/auth/delete-account", {"password": "data"}),
]
REGISTRATION = [
    Submission("anonymous", "/auth/register", ACCOUNT),
    Submission("anonymous", "/auth/register", {"email": ""}),
    Submission(
        "anonymous",
        "/auth/register",
        {**ACCOUNT, "email": "data_user@example.com", "username": "data_again"},
    ),
    Submission(
        "anonymous",
        "/auth/register",
        {"email": "data", "username": "2 data", **DIFFERENT_PASSWORDS},
    ),
    Submission(
        "anonymous",
        "/auth/register",
        {**ACCOUNT, "username": "data_user", "password": "password", "password2": LONG},
    ),
    Submission("anonymous", "/auth/register", {"email": LONG, "username": LONG, "password": LONG}),
    Submission("anonymous", "/auth/unconfirmed", {"email": "data_pending@example.com"}),
    Submission("anonymous", "/auth/unconfirmed", {"email": ""}),
    Submission("anonymous", "/auth/confirm/{confirm_token}", {"password": PASSWORD}),
    Submission("anonymous", "/auth/confirm/{confirm_token}", {"password": "data"}),
]
PASSWORD_AND_EMAIL = [
    Submission("anonymous", "/auth/reset", {"email": "data_user@example.com"}),
    Submission("anonymous", "/auth/reset", {"email": "data_missing@example.com"}),
    Submission("anonymous", "/auth/reset", {"email": ""}),
    Submission("anonymous", "/auth/reset/{reset_token}", PASSWORDS),
    Submission("anonymous", "/auth/reset/{reset_token}", DIFFERENT_PASSWORDS),
    Submission("user", "/auth/change-password", {"old_password": PASSWORD, **PASSWORDS}),
    Submission("user", "/auth/change-password", {"old_password": "data", **DIFFERENT_PASSWORDS}),
    Submission(
        "user", "/auth/change-email", {"email": "data_moved@example.com", "password": PASSWORD}
    ),
    Submission("user", "/auth/change-email", {"email": "data", "password": "data"}),
    Submission(
        "user", "/auth/change-username", {"username": "data_renamed", "password": PASSWORD}
    ),
    Submission("user", "/auth/change-username", {"username": "2 data", "password": "data"}),
    button(
        "user",
        "/auth/change-email/{change_email_token}",
        "/auth/change-email/{change_email_token}",
    ),
    button(
        "anonymous",
        "/auth/restore-email/{restore_email_token}",
        "/auth/restore-email/{restore_email_token}",
    ),
]
TOKENS = [
    Submission("user", "/auth/tokens", {"name": "data", "days": "30", "password": PASSWORD}),
    Submission("user", "/auth/tokens", {"name": "", "days": "0", "password": "data"}),
    Submission("user", "/auth/tokens", {"name": "data", "days": "data", "password": "data"}),
    Submission("user", "/auth/tokens", {"name": LONG, "password": LONG}),
    button("user", "/auth/tokens", "/auth/tokens/{api_token}/revocation"),
    button("user", "/auth/tokens/revocation", "/auth/tokens/revocation"),
]
TWO_FACTOR = [
    Submission(
        "anonymous",
        "/auth/login",
        {"email": "data_administrator@example.com", "password": PASSWORD},
    ),
    Submission("anonymous", "/auth/login/code", {"code": "data"}, direct=True),
    Submission("user", "/auth/reauthentication", {"password": "data"}),
    Submission("administrator", "/auth/reauthentication", {"password": PASSWORD, "code": "data"}),
    Submission("user", "/auth/two-factor/setup", {"code": "data"}),
    Submission("user", "/auth/two-factor/setup", {"code": LONG, "secret": "data"}),
    button("administrator", "/auth/two-factor", "/auth/two-factor/recovery-codes"),
    button("administrator", "/auth/two-factor/removal", "/auth/two-factor/removal"),
]
PASSKEYS = [
    Submission("user", "/auth/passkeys/new", {"name": "data", "credential": "data"}),
    Submission("user", "/auth/passkeys/new", {"name": LONG}),
    Submission("user", "/auth/passkeys/{passkey}", {"name": "data"}),
    Submission("user", "/auth/passkeys/{passkey}", {"name": ""}),
    button("user", "/auth/passkeys/{passkey}", "/auth/passkeys/{passkey}/removal"),
    Submission("anonymous", "/auth/login/passkey", {"credential": "data"}, direct=True),
]
SUBMISSIONS = [
    *CONTENT,  # demo-only
    *USERS,
    *SESSIONS,
    *REGISTRATION,
    *PASSWORD_AND_EMAIL,
    *TOKENS,
    *TWO_FACTOR,
    *PASSKEYS,
]
