"""Every endpoint of the pages, with the outcome for each role.

Names in braces are filled by `ExampleSite.values`: `author` wrote `{post}` and `{comment}`.
"""

from dataclasses import dataclass, field

# Outcomes: a page, a successful change, redirects to the login or the confirmation page, errors.
OK, DONE, LOGIN, UNCONFIRMED, FORBIDDEN, NOT_FOUND, POST_ONLY, BAD_REQUEST = (
    "200", "done", "login", "unconfirmed", "403", "404", "405", "400",
)  # fmt: skip

ROLES = ("anonymous", "unconfirmed", "user", "author", "moderator", "administrator")


@dataclass(frozen=True)
class Endpoint:
    """A method and path, the form fields to send (POST), and the outcome for each role."""

    name: str
    method: str
    path: str
    outcomes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def everyone(outcome: str, **others: str) -> dict[str, str]:
    """Return `outcome` for all roles but `others`; unconfirmed users must confirm first."""
    return dict.fromkeys(ROLES, outcome) | {"unconfirmed": UNCONFIRMED} | others


def users(outcome: str, **others: str) -> dict[str, str]:
    """Return `outcome` for logged-in users; anonymous users must log in."""
    return everyone(outcome, anonymous=LOGIN) | others


def only(*allowed: str, outcome: str = OK) -> dict[str, str]:
    """Return `outcome` for the `allowed` roles, and 403 for all other users."""
    return users(FORBIDDEN) | dict.fromkeys(allowed, outcome)


def account(outcome: str, **others: str) -> dict[str, str]:
    """Return `outcome` for logged-in users, unconfirmed ones included."""
    return users(outcome, unconfirmed=outcome, **others)


EDITORS = ("author", "administrator")  # demo-only
DELETERS = ("author", "moderator", "administrator")  # demo-only
MODERATORS = ("moderator", "administrator")
PUBLIC = dict.fromkeys(ROLES, OK)
PUBLIC_FORM = dict.fromkeys(ROLES, DONE)
BODY = {"body": "Some words"}  # demo-only
PASSWORD = {"password": "{password}"}
NEW_PASSWORD = {"password": "another long sentence", "password2": "another long sentence"}
ACCOUNT = {"email": "new@example.com", "username": "new", **PASSWORD, "password2": "{password}"}
EDITED = {"email": "o@example.com", "username": "other", "confirmed": "y", "role": "{role}"}
DISABLED = dict.fromkeys(ROLES, NOT_FOUND)  # without OIDC_ISSUER: see tests/auth/test_openid.py
UNCONFIRMED_PAGE = PUBLIC | dict.fromkeys(ROLES[2:], DONE)


def get(name: str, path: str, outcomes: dict[str, str]) -> Endpoint:
    """Return an endpoint that is requested with GET."""
    return Endpoint(name, "GET", path, outcomes)


def post(name: str, path: str, outcomes: dict[str, str], /, **fields: str) -> Endpoint:
    """Return an endpoint that is requested with POST."""
    return Endpoint(name, "POST", path, outcomes, fields)


FORMS = [
    post("main.index", "/", users(DONE), **BODY),  # demo-only
    post("main.post", "/post/{post}", users(DONE), **BODY),
    post("main.edit", "/edit/{post}", only(*EDITORS, outcome=DONE), **BODY),
    post("main.delete_post", "/post/{post}/deletion", only(*DELETERS, outcome=DONE)),
    post("main.edit_comment", "/comment/{comment}/edit", only(*EDITORS, outcome=DONE), **BODY),
    post("main.delete_comment", "/comment/{comment}/deletion", only(*DELETERS, outcome=DONE)),
    post("main.suspend_comment", "/comment/{comment}/suspension", only(*MODERATORS, outcome=DONE)),
    # demo-only: begin
    post(
        "main.restore_comment", "/comment/{comment}/restoration", only(*MODERATORS, outcome=DONE)
    ),
    # demo-only: end
    post("main.edit_profile", "/edit-profile", users(DONE), name="Ann"),
    post("main.avatar", "/edit-profile/avatar", users(OK)),  # the page: there is no file
    post("main.remove_avatar", "/user/{other}/avatar/removal", only(*MODERATORS, outcome=DONE)),
    post(
        "main.edit_profile_admin",
        "/edit-profile/{other_id}",
        only("administrator", outcome=DONE),
        **EDITED,
    ),
    post(
        "main.delete_user",
        "/user/{other}/deletion",
        only("administrator", outcome=DONE),
        username="other",
    ),
    post(
        "main.suspend_user",
        "/user/{other}/suspension",
        only("administrator", outcome=DONE),
        reason="Spam",
    ),
    post("main.report_user", "/user/{other}/report", users(DONE), reason="spam"),
    # demo-only: begin
    post(
        "main.report_post", "/post/{post}/report", users(DONE, author=BAD_REQUEST), reason="spam"
    ),
    post(
        "main.report_comment",
        "/comment/{comment}/report",
        users(DONE, author=BAD_REQUEST),
        reason="spam",
    ),
    # demo-only: end
    post(
        "admin.report",
        "/admin/reports/{report}",
        only(*MODERATORS, outcome=DONE),
        outcome="dismissed",
        note="Fine",
    ),
    post(
        "main.reinstate_user", "/user/{other}/reinstatement", only("administrator", outcome=DONE)
    ),
    post("main.follow", "/follow/{other}", users(DONE)),
    post("main.unfollow", "/unfollow/{other}", users(DONE)),
    post("main.block", "/block/{other}", users(DONE)),
    post("main.unblock", "/unblock/{other}", users(DONE)),
    post("main.mute", "/mute/{other}", users(DONE)),
    post("main.unmute", "/unmute/{other}", users(DONE)),
    post(
        "main.read_notifications",
        "/notifications/read",
        users(DONE),
        until="2026-01-01T00:00:00+00:00",
    ),
    post("main.preview", "/preview", users(OK), **BODY),
    post("main.preferences", "/preferences", PUBLIC_FORM, theme="dark", locale="en"),
    post("auth.login", "/auth/login", PUBLIC_FORM, email="author@example.com", **PASSWORD),
    post("auth.login_code", "/auth/login/code", PUBLIC_FORM, code="000000"),
    post("auth.set_up_two_factor", "/auth/two-factor/setup", account(OK), code="000000"),
    post("auth.replace_recovery_codes", "/auth/two-factor/recovery-codes", account(DONE)),
    post("auth.remove_two_factor", "/auth/two-factor/removal", account(DONE)),
    post("auth.reauthenticate", "/auth/reauthentication", account(DONE), **PASSWORD),
    post("auth.add_passkey", "/auth/passkeys/new", account(OK), name="Phone"),
    post(
        "auth.edit_passkey", "/auth/passkeys/{passkey}", account(NOT_FOUND, author=DONE), name="x"
    ),
    post("auth.remove_passkey", "/auth/passkeys/{passkey}/removal", account(DONE)),
    post("auth.log_in_with_passkey", "/auth/login/passkey", PUBLIC_FORM, credential="x"),
    post("auth.notifications", "/auth/notifications", account(DONE), email="daily"),
    post("auth.unsubscribe", "/auth/unsubscribe/{unsubscribe_token}", PUBLIC),
    post("auth.logout", "/auth/logout", account(DONE)),
    post("auth.register", "/auth/register", PUBLIC_FORM, **ACCOUNT),
    post("auth.resend_confirmation", "/auth/confirm", PUBLIC_FORM, email="x@example.com"),
    post("auth.confirm", "/auth/confirm/{confirm_token}", PUBLIC_FORM, **PASSWORD),
    post(
        "auth.change_password",
        "/auth/change-password",
        account(DONE),
        old_password="{password}",
        **NEW_PASSWORD,
    ),
    post(
        "auth.change_username",
        "/auth/change-username",
        account(DONE),
        username="renamed",
        **PASSWORD,
    ),
    post("auth.password_reset_request", "/auth/reset", PUBLIC_FORM, email="x@example.com"),
    post("auth.password_reset", "/auth/reset/{reset_token}", PUBLIC_FORM, **NEW_PASSWORD),
    post(
        "auth.change_email_request",
        "/auth/change-email",
        account(DONE),
        email="new@example.com",
        **PASSWORD,
    ),
    post(
        "auth.change_email",
        "/auth/change-email/{change_email_token}",
        account(BAD_REQUEST, author=DONE),
    ),
    post("auth.restore_email", "/auth/restore-email/{restore_email_token}", PUBLIC_FORM),
    post(
        "auth.delete_account",
        "/auth/delete-account",
        account(DONE, administrator=FORBIDDEN),
        **PASSWORD,
    ),
    post("auth.export", "/auth/export", account(OK)),
    post("auth.openid_password", "/auth/openid/password", DISABLED),
    post("auth.openid_register", "/auth/openid/register", DISABLED),
    post("auth.link_identity", "/auth/identity/link", DISABLED),
    post("auth.remove_identity", "/auth/identity/removal", DISABLED),
    post("auth.revoke_session", "/auth/sessions/1/revocation", account(DONE)),
    post("auth.revoke_other_sessions", "/auth/sessions/revocation", account(DONE)),
    post("auth.tokens", "/auth/tokens", account(OK), name="phone", days="30", **PASSWORD),
    post("auth.revoke_token", "/auth/tokens/1/revocation", account(DONE)),
    post("auth.revoke_tokens", "/auth/tokens/revocation", account(DONE)),
]
PAGES = [
    get("main.index", "/", everyone(OK)),
    get("main.followed", "/followed", users(OK)),
    get("main.post", "/post/{post}", everyone(OK)),
    get("main.edit", "/edit/{post}", only(*EDITORS)),
    get("main.delete_post", "/post/{post}/deletion", only(*DELETERS)),
    get("main.comment", "/comment/{comment}", everyone(DONE)),
    get("main.edit_comment", "/comment/{comment}/edit", only(*EDITORS)),
    get("main.delete_comment", "/comment/{comment}/deletion", only(*DELETERS)),
    get("main.moderate", "/moderate", only(*MODERATORS)),
    get("main.user", "/user/{author}", everyone(OK)),
    get("main.edit_profile", "/edit-profile", users(OK)),
    get("main.avatar", "/edit-profile/avatar", users(DONE)),
    get("main.upload", f"/uploads/{'0' * 32}.webp", dict.fromkeys(ROLES, NOT_FOUND)),
    get("main.edit_profile_admin", "/edit-profile/{other_id}", only("administrator")),
    get("main.delete_user", "/user/{other}/deletion", only("administrator")),
    get("main.suspend_user", "/user/{other}/suspension", only("administrator")),
    get("main.reinstate_user", "/user/{other}/reinstatement", only("administrator", outcome=DONE)),
    get("main.report_user", "/user/{other}/report", users(OK)),
    get("main.report_post", "/post/{post}/report", users(OK, author=BAD_REQUEST)),
    get("main.report_comment", "/comment/{comment}/report", users(OK, author=BAD_REQUEST)),
    get("main.followers", "/followers/{author}", everyone(OK)),
    get("main.followed_by", "/followed-by/{author}", everyone(OK)),
    get("main.hidden_users", "/blocked-and-muted", users(OK)),
    get("main.notifications", "/notifications", users(OK)),
    get("main.live", "/live", everyone(OK, anonymous=FORBIDDEN)),
    get("main.live_stream", "/live/stream", everyone(OK, anonymous=FORBIDDEN)),
    get("main.search", "/search?q=words", everyone(OK)),
    get("main.search", "/search/users?q=a", everyone(OK)),
    *(get(f"main.{name}", f"/{name}", PUBLIC) for name in ("preferences", "privacy", "terms")),
    get("main.posts_atom", "/posts.atom", everyone(OK)),
    get("main.user_atom", "/user/{author}/posts.atom", everyone(OK)),
    get("main.sitemap", "/sitemap.xml", everyone(OK)),
    get("site_files.icon", "/favicon.ico", PUBLIC_FORM),
    get("site_files.icon", "/apple-touch-icon.png", PUBLIC_FORM),
    get("site_files.manifest", "/site.webmanifest", PUBLIC),
    get("site_files.robots", "/robots.txt", PUBLIC),
    get("site_files.security_txt", "/.well-known/security.txt", DISABLED),
    get("site_files.change_password", "/.well-known/change-password", PUBLIC_FORM),
    get("auth.login", "/auth/login", PUBLIC),
    get("auth.login_code", "/auth/login/code", PUBLIC_FORM),
    get("auth.two_factor", "/auth/two-factor", account(OK)),
    get("auth.set_up_two_factor", "/auth/two-factor/setup", account(OK)),
    get("auth.remove_two_factor", "/auth/two-factor/removal", account(OK)),
    get("auth.reauthenticate", "/auth/reauthentication", account(OK)),
    get("auth.passkeys", "/auth/passkeys", account(OK)),
    get("auth.add_passkey", "/auth/passkeys/new", account(OK)),
    get("auth.edit_passkey", "/auth/passkeys/{passkey}", account(NOT_FOUND, author=OK)),
    get("auth.register", "/auth/register", PUBLIC),
    get("auth.unconfirmed", "/auth/unconfirmed", UNCONFIRMED_PAGE),
    get("auth.confirm", "/auth/confirm/{confirm_token}", PUBLIC),
    get("auth.settings", "/auth/settings", account(OK)),
    get("auth.notifications", "/auth/notifications", account(OK)),
    get("auth.unsubscribe", "/auth/unsubscribe/{unsubscribe_token}", PUBLIC),
    get("auth.change_username", "/auth/change-username", account(OK)),
    get("auth.account", "/auth/account", account(OK)),
    get("auth.change_password", "/auth/change-password", account(OK)),
    get("auth.password_reset_request", "/auth/reset", PUBLIC),
    get("auth.password_reset", "/auth/reset/{reset_token}", PUBLIC),
    get("auth.change_email_request", "/auth/change-email", account(OK)),
    get(
        "auth.change_email",
        "/auth/change-email/{change_email_token}",
        account(BAD_REQUEST, author=OK),
    ),
    get("auth.restore_email", "/auth/restore-email/{restore_email_token}", PUBLIC),
    get("auth.delete_account", "/auth/delete-account", account(OK, administrator=FORBIDDEN)),
    get("auth.security_log", "/auth/security-log", account(OK)),
    get("auth.audit_log", "/auth/audit-log", account(FORBIDDEN, administrator=OK)),
    get("admin.dashboard", "/admin/", only("administrator")),
    get("admin.reports", "/admin/reports", only(*MODERATORS)),
    get("admin.report", "/admin/reports/{report}", only(*MODERATORS)),
    get("admin.users", "/admin/users", only("administrator")),
    get("admin.roles", "/admin/roles", only("administrator")),
    get("auth.export", "/auth/export", account(OK)),
    get("auth.openid_start", "/auth/openid", DISABLED),
    get("auth.openid_callback", "/auth/openid/callback", DISABLED),
    get("auth.openid_password", "/auth/openid/password", DISABLED),
    get("auth.openid_register", "/auth/openid/register", DISABLED),
    get("auth.link_identity", "/auth/identity/link", DISABLED),
    get("auth.identity", "/auth/identity", DISABLED),
    get("auth.sessions", "/auth/sessions", account(OK)),
    get("auth.tokens", "/auth/tokens", account(OK)),
    get("auth.revoke_tokens", "/auth/tokens/revocation", account(OK)),
    get("api_docs.page", "/api/docs", everyone(OK)),
    get("api_docs.openapi", "/api/v1/openapi.json", PUBLIC),
    get("healthz", "/healthz", PUBLIC),
    get("readyz", "/readyz", PUBLIC),
    get("metrics", "/metrics", PUBLIC),  # allowed from 127.0.0.1
    get("static", "/static/favicon.svg", PUBLIC),
    get("bootstrap.static", "/bootstrap/static/css/bootstrap.min.css", PUBLIC),
]
ENDPOINTS = [*PAGES, *FORMS]
