"""Every address of the site, who may do what there, and readers of every kind.

In the table an address names rows by their part in it: `{post}` was written by the author,
`{comment}` too; `{author}` and `{other}` are people.
"""

from dataclasses import dataclass, field

from tests.factories import PASSWORD

PAGE, DONE, LOGIN, HELD, FORBIDDEN, MISSING, BUTTON, BAD = (
    "page", "done", "login", "held", "403", "404", "405", "400",
)  # fmt: skip

READERS = ("anonymous", "unconfirmed", "user", "author", "moderator", "administrator")


@dataclass(frozen=True)
class Address:
    """What each kind of reader gets by opening (GET) or sending (POST, with a good token)."""

    endpoint: str
    method: str
    path: str
    outcomes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def everyone(outcome: str, **others: str) -> dict[str, str]:
    """Return `outcome` for all but those who are named; the unconfirmed are held."""
    return dict.fromkeys(READERS, outcome) | {"unconfirmed": HELD} | others


def members(outcome: str, **others: str) -> dict[str, str]:
    """Return `outcome` for those who have logged in; strangers are asked to."""
    return everyone(outcome, anonymous=LOGIN) | others


def only(*allowed: str, outcome: str = PAGE) -> dict[str, str]:
    """Return `outcome` for the allowed, and a refusal for other members."""
    return members(FORBIDDEN) | dict.fromkeys(allowed, outcome)


def account(outcome: str, **others: str) -> dict[str, str]:
    """Return what the pages of one's account answer: the unconfirmed may use them."""
    return members(outcome, unconfirmed=outcome, **others)


EDITORS = ("author", "administrator")
DELETERS = ("author", "moderator", "administrator")
MODERATORS = ("moderator", "administrator")
CLOSED = dict.fromkeys(READERS, BUTTON)
OPEN = dict.fromkeys(READERS, PAGE)
SENT = dict.fromkeys(READERS, DONE)
WORDS = {"body": "Some words"}

ADDRESSES = [
    Address("main.index", "GET", "/", everyone(PAGE)),
    Address("main.index", "POST", "/", members(DONE), WORDS),
    Address("main.followed", "GET", "/followed", members(PAGE)),
    Address("main.post", "GET", "/post/{post}", everyone(PAGE)),
    Address("main.post", "POST", "/post/{post}", members(DONE), WORDS),
    Address("main.edit", "GET", "/edit/{post}", only(*EDITORS)),
    Address("main.edit", "POST", "/edit/{post}", only(*EDITORS, outcome=DONE), WORDS),
    Address("main.delete_post", "GET", "/post/{post}/deletion", only(*DELETERS)),
    Address("main.delete_post", "POST", "/post/{post}/deletion", only(*DELETERS, outcome=DONE)),
    Address("main.delete_comment", "GET", "/comment/{comment}/deletion", only(*DELETERS)),
    Address(
        "main.delete_comment",
        "POST",
        "/comment/{comment}/deletion",
        only(*DELETERS, outcome=DONE),
    ),
    Address("main.moderate", "GET", "/moderate", only(*MODERATORS)),
    Address("main.suspend_comment", "GET", "/comment/{comment}/suspension", CLOSED),
    Address(
        "main.suspend_comment",
        "POST",
        "/comment/{comment}/suspension",
        only(*MODERATORS, outcome=DONE),
    ),
    Address("main.restore_comment", "GET", "/comment/{comment}/restoration", CLOSED),
    Address(
        "main.restore_comment",
        "POST",
        "/comment/{comment}/restoration",
        only(*MODERATORS, outcome=DONE),
    ),
    Address("main.user", "GET", "/user/{author}", everyone(PAGE)),
    Address("main.edit_profile", "GET", "/edit-profile", members(PAGE)),
    Address("main.edit_profile", "POST", "/edit-profile", members(DONE), {"name": "Ann"}),
    Address("main.edit_profile_admin", "GET", "/edit-profile/{other_id}", only("administrator")),
    Address(
        "main.edit_profile_admin",
        "POST",
        "/edit-profile/{other_id}",
        only("administrator", outcome=DONE),
        {"email": "o@example.com", "username": "other", "confirmed": "y", "role": "{role}"},
    ),
    Address("main.delete_user", "GET", "/user/{other}/deletion", only("administrator")),
    Address(
        "main.delete_user",
        "POST",
        "/user/{other}/deletion",
        only("administrator", outcome=DONE),
        {"username": "other"},
    ),
    Address("main.follow", "GET", "/follow/{other}", CLOSED),
    Address("main.follow", "POST", "/follow/{other}", members(DONE)),
    Address("main.unfollow", "GET", "/unfollow/{other}", CLOSED),
    Address("main.unfollow", "POST", "/unfollow/{other}", members(DONE)),
    Address("main.followers", "GET", "/followers/{author}", everyone(PAGE)),
    Address("main.followed_by", "GET", "/followed-by/{author}", everyone(PAGE)),
    Address("main.preview", "GET", "/preview", CLOSED),
    Address("main.preview", "POST", "/preview", members(PAGE), WORDS),
    Address("main.preferences", "GET", "/preferences", OPEN),
    Address("main.preferences", "POST", "/preferences", SENT, {"theme": "dark", "locale": "en"}),
    Address("auth.login", "GET", "/auth/login", OPEN),
    Address(
        "auth.login",
        "POST",
        "/auth/login",
        SENT,
        {"email": "author@example.com", "password": "{password}"},
    ),
    Address("auth.logout", "GET", "/auth/logout", CLOSED),
    Address("auth.logout", "POST", "/auth/logout", account(DONE)),
    Address("auth.register", "GET", "/auth/register", OPEN),
    Address(
        "auth.register",
        "POST",
        "/auth/register",
        SENT,
        {
            "email": "new@example.com",
            "username": "newcomer",
            "password": "{password}",
            "password2": "{password}",
        },
    ),
    Address(
        "auth.unconfirmed", "GET", "/auth/unconfirmed", OPEN | dict.fromkeys(READERS[2:], DONE)
    ),
    Address("auth.resend_confirmation", "GET", "/auth/confirm", CLOSED),
    Address("auth.resend_confirmation", "POST", "/auth/confirm", SENT, {"email": "x@example.com"}),
    Address("auth.confirm", "GET", "/auth/confirm/{confirm}", OPEN),
    Address("auth.confirm", "POST", "/auth/confirm/{confirm}", SENT, {"password": PASSWORD}),
    Address("auth.change_password", "GET", "/auth/change-password", account(PAGE)),
    Address(
        "auth.change_password",
        "POST",
        "/auth/change-password",
        account(DONE),
        {
            "old_password": "{password}",
            "password": "another long sentence",
            "password2": "another long sentence",
        },
    ),
    Address("auth.password_reset_request", "GET", "/auth/reset", OPEN),
    Address(
        "auth.password_reset_request", "POST", "/auth/reset", SENT, {"email": "x@example.com"}
    ),
    Address("auth.password_reset", "GET", "/auth/reset/{reset}", OPEN),
    Address(
        "auth.password_reset",
        "POST",
        "/auth/reset/{reset}",
        SENT,
        {"password": "another long sentence", "password2": "another long sentence"},
    ),
    Address("auth.change_email_request", "GET", "/auth/change-email", account(PAGE)),
    Address(
        "auth.change_email_request",
        "POST",
        "/auth/change-email",
        account(DONE),
        {"email": "new@example.com", "password": "{password}"},
    ),
    Address("auth.change_email", "GET", "/auth/change-email/{move}", account(BAD, author=PAGE)),
    Address("auth.change_email", "POST", "/auth/change-email/{move}", account(BAD, author=DONE)),
    Address(
        "auth.delete_account",
        "GET",
        "/auth/delete-account",
        account(PAGE, administrator=FORBIDDEN),
    ),
    Address(
        "auth.delete_account",
        "POST",
        "/auth/delete-account",
        account(DONE, administrator=FORBIDDEN),
        {"password": "{password}"},
    ),
    Address("auth.tokens", "GET", "/auth/tokens", account(PAGE)),
    Address(
        "auth.tokens",
        "POST",
        "/auth/tokens",
        account(PAGE),
        {"name": "phone", "days": "30", "password": "{password}"},
    ),
    Address("auth.revoke_token", "GET", "/auth/tokens/1/revocation", CLOSED),
    Address("auth.revoke_token", "POST", "/auth/tokens/1/revocation", account(DONE)),
    Address("auth.revoke_tokens", "GET", "/auth/tokens/revocation", CLOSED),
    Address("auth.revoke_tokens", "POST", "/auth/tokens/revocation", account(DONE)),
    Address("api_docs.page", "GET", "/api/docs", everyone(PAGE)),
    Address("api_docs.openapi", "GET", "/api/v1/openapi.json", OPEN),
    Address("healthz", "GET", "/healthz", OPEN),
    Address("readyz", "GET", "/readyz", OPEN),
    Address("metrics", "GET", "/metrics", OPEN),  # to readers on this very machine
    Address("static", "GET", "/static/favicon.svg", OPEN),
    Address("bootstrap.static", "GET", "/bootstrap/static/css/bootstrap.min.css", OPEN),
]
