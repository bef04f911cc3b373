"""Every page of the site, in every state that looks different.

Names in braces are filled by `DemoSite.values`.
"""

from dataclasses import dataclass

OLDER = "a[rel=next]"
SUBMIT = "main [type=submit]"
PUBLISH = "[data-composer] [name=submit]"
MENU = "header summary"


@dataclass(frozen=True)
class PageState:
    """A page as one role sees it, after a click on `click` if there is one."""

    path: str
    role: str = "anonymous"
    click: str = ""
    status: int = 200


READING = {
    "home": PageState("/"),
    "home, user": PageState("/", "user"),
    "home, newcomer": PageState("/", "newcomer"),
    "older posts": PageState("/", click=OLDER),
    "menu": PageState("/moderate", "moderator", MENU),
    "empty post": PageState("/", "user", PUBLISH),
    "followed": PageState("/followed", "user"),
    "followed, newcomer": PageState("/followed", "newcomer"),
    "post": PageState("/post/{moderated_post}"),
    "post, author": PageState("/post/{own_post}", "user"),
    "post, moderator": PageState("/post/{moderated_post}", "moderator"),
    "post without comments": PageState("/post/{quiet_post}"),
    "post without comments, user": PageState("/post/{quiet_post}", "user"),
    "older comments": PageState("/post/{busy_post}", "user", OLDER),
    "profile": PageState("/user/maya"),
    "own profile": PageState("/user/maya", "user"),
    "profile, followed": PageState("/user/tom", "user"),
    "profile, not followed": PageState("/user/zhihe", "newcomer"),
    "profile, administrator": PageState("/user/old_gregor", "administrator"),
    "empty profile": PageState("/user/newcomer"),
    "own empty profile": PageState("/user/newcomer", "newcomer"),
    "followers": PageState("/followers/maya"),
    "no followers": PageState("/followers/newcomer"),
    "following": PageState("/followed-by/maya", "user"),
    "not following": PageState("/followed-by/newcomer", "newcomer"),
    "notifications": PageState("/notifications", "user"),
    "no notifications": PageState("/notifications", "newcomer"),
    "search": PageState("/search"),
    "search, posts": PageState("/search?q=garden", "user"),
    "search, comments": PageState("/search/comments?q=good"),
    "search, users": PageState("/search/users?q=ma", "moderator"),
    "search, nothing": PageState("/search?q=xyzzy"),
    "search, too long": PageState(f"/search?q={'x' * 101}", "user", status=400),
    "API reference, user": PageState("/api/docs", "user"),
    "preferences": PageState("/preferences"),
    "privacy": PageState("/privacy"),
    "terms, user": PageState("/terms", "user"),
    "preferences, user": PageState("/preferences", "user"),
}
WRITING = {
    "edit post": PageState("/edit/{own_post}", "user"),
    "edit comment": PageState("/comment/{own_comment}/edit", "user"),
    "delete post": PageState("/post/{own_post}/deletion", "user"),
    "delete comment": PageState("/comment/{own_comment}/deletion", "user"),
    "moderate": PageState("/moderate", "moderator"),
    "blocked and muted": PageState("/blocked-and-muted", "user"),
    "none blocked or muted": PageState("/blocked-and-muted", "administrator"),
    "profile, muted": PageState("/user/quickdeals", "user"),  # demo-only
    "profile, blocked": PageState("/user/dafydd", "newcomer"),  # demo-only
    "profile of a blocker": PageState("/user/newcomer", "user"),  # demo-only
    "edit profile": PageState("/edit-profile", "user"),
    "avatar error": PageState("/edit-profile?avatar=too-large", "user"),
    "manage account": PageState("/edit-profile/{maya}", "administrator"),
    "delete user": PageState("/user/newcomer/deletion", "administrator"),
    "suspend user": PageState("/user/newcomer/suspension", "administrator"),
    "suspend user, empty": PageState("/user/newcomer/suspension", "administrator", SUBMIT),
    "suspended user": PageState("/user/suspended", "administrator"),
    "end suspension": PageState("/user/suspended/reinstatement", "administrator"),
    "delete user, wrong name": PageState("/user/newcomer/deletion", "administrator", SUBMIT),
}
ACCOUNT = {
    "login": PageState("/auth/login"),
    "login, empty": PageState("/auth/login", click=SUBMIT),
    "login required": PageState("/followed"),
    "register": PageState("/auth/register"),
    "register, empty": PageState("/auth/register", click=SUBMIT),
    "unconfirmed": PageState("/auth/unconfirmed"),
    "confirm": PageState("/auth/confirm/{confirm_token}"),
    "reset request": PageState("/auth/reset"),
    "reset": PageState("/auth/reset/{reset_token}"),
    "settings": PageState("/auth/settings", "user"),
    "settings, administrator": PageState("/auth/settings", "administrator"),
    "account": PageState("/auth/account", "user"),
    "change username": PageState("/auth/change-username", "user"),
    "change username, empty": PageState("/auth/change-username", "user", SUBMIT),
    "change password": PageState("/auth/change-password", "user"),
    "change password, empty": PageState("/auth/change-password", "user", SUBMIT),
    "change email": PageState("/auth/change-email", "user"),
    "confirm new email": PageState("/auth/change-email/{change_email_token}", "user"),
    "restore email": PageState("/auth/restore-email/{restore_email_token}"),
    "notification settings": PageState("/auth/notifications", "user"),
    "unsubscribe": PageState("/auth/unsubscribe/{unsubscribe_token}"),
    "unsubscribed": PageState("/auth/unsubscribe/{unsubscribe_token}", click=SUBMIT),
    "sessions": PageState("/auth/sessions", "user"),
    "security log": PageState("/auth/security-log", "user"),
    "export": PageState("/auth/export", "user"),
    "audit log": PageState("/auth/audit-log", "administrator"),
    "login code": PageState("/auth/login/code"),
    "two-factor": PageState("/auth/two-factor", "user"),
    "two-factor, on": PageState("/auth/two-factor", "moderator"),
    "recovery codes": PageState("/auth/two-factor", "moderator", SUBMIT),
    "set up two-factor": PageState("/auth/two-factor/setup", "user"),
    "set up two-factor, empty": PageState("/auth/two-factor/setup", "user", SUBMIT),
    "remove two-factor": PageState("/auth/two-factor/removal", "moderator"),
    "reauthenticate": PageState("/auth/reauthentication", "user"),
    "reauthenticate, empty": PageState("/auth/reauthentication", "moderator", SUBMIT),
    "passkeys": PageState("/auth/passkeys", "user"),
    "no passkeys": PageState("/auth/passkeys", "newcomer"),
    "add passkey": PageState("/auth/passkeys/new", "user"),
    "edit passkey": PageState("/auth/passkeys/{passkey}", "user"),
    "tokens": PageState("/auth/tokens", "user"),
    "revoke tokens": PageState("/auth/tokens/revocation", "user"),
    "no tokens": PageState("/auth/tokens", "newcomer"),
    "token without a name": PageState("/auth/tokens", "newcomer", "form.panel [type=submit]"),
    "delete account": PageState("/auth/delete-account", "user"),
}
ADMINISTRATION = {
    "dashboard": PageState("/admin/", "administrator"),
    "report user": PageState("/user/tom/report", "user"),
    "report user, empty": PageState("/user/tom/report", "user", SUBMIT),
    "report post": PageState("/post/{busy_post}/report", "moderator"),
    "report comment": PageState("/comment/{own_comment}/report", "moderator"),
    "reports": PageState("/admin/reports", "moderator"),
    "report": PageState("/admin/reports/{report}", "administrator"),
    "resolve without a decision": PageState("/admin/reports/{report}", "moderator", SUBMIT),
    "reported comment": PageState("/admin/reports/{reported_comment}", "moderator"),
    "users": PageState("/admin/users", "administrator"),
    "users, found": PageState("/admin/users?q=m&role=User", "administrator"),
    "users, none found": PageState("/admin/users?q=missing", "administrator"),
    "users, wrong filter": PageState("/admin/users?role=x", "administrator", status=400),
    "roles": PageState("/admin/roles", "administrator"),
}
ERRORS = {
    "invalid confirmation link": PageState("/auth/confirm/broken", status=400),
    "invalid reset link": PageState("/auth/reset/broken", status=400),
    "invalid unsubscribe link": PageState("/auth/unsubscribe/broken", status=400),
    "invalid restore link": PageState("/auth/restore-email/broken", status=400),
    "invalid email change link": PageState("/auth/change-email/broken", "user", status=400),
    "forbidden": PageState("/moderate", "user", status=403),
    "not found": PageState("/missing", status=404),
    "used confirmation link": PageState("/auth/confirm/broken", "user", status=400),
    "rate limited": PageState("/error/429", "user", status=429),
    "server error": PageState("/error/500", "user", status=500),
}
PAGE_STATES = {**READING, **WRITING, **ACCOUNT, **ADMINISTRATION, **ERRORS}
EMPTY_SITE_STATES = {
    "home": PageState("/"),
    "home, user": PageState("/", "user"),
    "moderate": PageState("/moderate", "moderator"),
}
