"""The emails of the site: one function each.

Each adds an email to the outbox in the current transaction; it is sent once that commits. Links
start with SITE_URL, never with the Host header of the request. Only FLASKY_ADMIN
gets text that a user chose, such as a username: anyone can enter anyone's address, and send them
advertisements. The reason of a suspension is written by an administrator.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_babel import force_locale, get_locale
from flask_babel import lazy_gettext as _l

from .. import jobs
from ..devices import Device
from ..extensions import db
from ..models import EmailChange, OutboxEmail, Registration, User
from ..models.email_change import RESTORE_PERIOD
from .outbox import send_outbox_email

# Their subjects. What was added is not named: users choose the names of passkeys.
SECURITY_CHANGES = {
    "passkey_added": _l("A passkey was added to your account"),
    "two_factor_disabled": _l("Two-factor authentication was turned off"),
    "identity_added": _l("An account was linked to yours"),
    "identity_removed": _l("An account was unlinked from yours"),
}


def send_confirmation(user: Registration | User) -> None:
    """Send the link that confirms the email address."""
    url = site_url("auth.confirm", token=user.generate_confirmation_token(_link_ttl()))
    _send(user.email, "confirm", _l("Confirm your account"), user, url=url)


def send_already_registered(email: str, user: User) -> None:
    """Tell the owner of `email` that it was entered as a new address, but has an account."""
    links = {"url": site_url("auth.login"), "reset_url": site_url("auth.password_reset_request")}
    subject = _l("You already have an account")
    _send(email, "already_registered", subject, user, **links)


def send_no_account(email: str) -> None:
    """Tell the owner of `email`, for which a link was requested, that it has no account."""
    subject = _l("There is no account for this address")
    _send(email, "no_account", subject, locale=get_locale(), url=site_url("auth.register"))


def send_password_reset(user: User) -> None:
    """Send the link that lets a user choose a new password."""
    url = site_url("auth.password_reset", token=user.generate_reset_token(_link_ttl()))
    subject = _l("Reset your password")
    _send(user.email, "reset_password", subject, user, url=url)


def send_password_changed(user: User) -> None:
    """Notify a user that the password was changed, in case it was not them."""
    url, subject = site_url("auth.password_reset_request"), _l("Your password was changed")
    _send(user.email, "password_changed", subject, user, url=url)


def send_new_device(user: User, login: Device) -> None:
    """Notify a user of a login from a device that is new to the account."""
    url, subject = site_url("auth.password_reset_request"), _l("New login to your account")
    _send(user.email, "new_device", subject, user, url=url, login=login)


def send_security_change(user: User, change: str) -> None:
    """Notify a user of a change of how one can log in, in case it was not them.

    `change` is the name of an event of the security log, in SECURITY_CHANGES.
    """
    url, text = site_url("auth.password_reset_request"), SECURITY_CHANGES[change]
    _send(user.email, "security_change", text, user, url=url, text=text)


def send_suspended(user: User) -> None:
    """Notify a user that an administrator has suspended the account, with the reason."""
    _send(user.email, "suspended", _l("Your account was suspended"), user)


def send_reinstated(user: User) -> None:
    """Notify a user that the suspension has ended."""
    url, subject = site_url("auth.login"), _l("Your account is no longer suspended")
    _send(user.email, "reinstated", subject, user, url=url)


def send_report_resolved(user: User, acted: bool) -> None:
    """Notify a user that moderators have reviewed a report of theirs, and acted or not."""
    _send(user.email, "report_resolved", _l("Your report was reviewed"), user, acted=acted)


# demo-only: begin
def send_digest(user: User, counts: dict[str, int]) -> None:
    """Send how many new notifications of each kind a user has, `counts`, and no text of others."""
    links = {"url": site_url("main.notifications")}
    unsubscribe_url = site_url("auth.unsubscribe", token=user.generate_unsubscribe_token())
    subject, total = _l("New notifications"), sum(counts.values())
    context = {**links, "unsubscribe_url": unsubscribe_url, "counts": counts, "total": total}
    _send(user.email, "digest", subject, user, **context)


# demo-only: end
def send_email_change(user: User, new_email: str) -> None:
    """Send the link that confirms a new email address to that address."""
    token = user.generate_email_change_token(new_email, _link_ttl())
    url, subject = site_url("auth.change_email", token=token), _l("Confirm your new address")
    _send(new_email, "change_email", subject, user, url=url)


def send_email_change_requested(user: User, new_email: str) -> None:
    """Notify the current address that a change to `new_email` was requested."""
    url, subject = site_url("auth.password_reset_request"), _l("Your email address will change")
    _send(user.email, "email_change_requested", subject, user, url=url, new_email=new_email)


def send_email_changed(user: User, old_email: str, change: EmailChange | None = None) -> None:
    """Notify the old address that it was replaced; `change` adds the link that restores it."""
    token = change and change.generate_restore_token()
    url = site_url("auth.restore_email", token=token) if token else None
    subject, days = _l("Your email address was changed"), RESTORE_PERIOD.days
    _send(old_email, "email_changed", subject, user, url=url, days=days)


def send_new_user(user: User) -> None:
    """Notify FLASKY_ADMIN, if set, of a new account."""
    admin = current_app.config["FLASKY_ADMIN"]
    if admin:
        url = site_url("main.user", username=user.username)
        subject = _l("New account: %(username)s", username=user.username)
        locale = current_app.config["BABEL_DEFAULT_LOCALE"]
        _send(admin, "new_user", subject, user, locale=locale, url=url)


def site_url(endpoint: str, **values: Any) -> str:
    """Return the absolute URL of an endpoint, built from SITE_URL."""
    site = urlsplit(current_app.config["SITE_URL"])
    adapter = current_app.url_map.bind(
        site.netloc, script_name=f"{site.path}/", url_scheme=site.scheme
    )
    return adapter.build(endpoint, values, force_external=True)


def _link_ttl() -> int:
    """Return how long links are valid, in seconds."""
    return int(current_app.config["EMAIL_LINK_TTL_HOURS"]) * 3600


def _send(
    recipient: str,
    template: str,
    subject: Any,
    user: Registration | User | None = None,
    locale: Any = None,  # default: that of `user`, or of the site
    **context: Any,
) -> None:
    """Render an email into the outbox, and enqueue the job that sends it."""
    locale = locale or (user and user.locale) or current_app.config["BABEL_DEFAULT_LOCALE"]
    prefix = current_app.config["FLASKY_MAIL_SUBJECT_PREFIX"]
    with force_locale(locale):
        context |= {
            "user": user,
            "hours": current_app.config["EMAIL_LINK_TTL_HOURS"],
            "lang": str(get_locale()).replace("_", "-"),
            "site_url": current_app.config["SITE_URL"],
        }
        email = OutboxEmail(
            recipient=recipient,
            subject=f"{prefix} {subject}".strip(),
            body_text=render_template(f"email/{template}.txt", **context),
            body_html=render_template(f"email/{template}.html", **context),
        )
    email.unsubscribe_url = context.get("unsubscribe_url")  # demo-only
    db.session.add(email)
    db.session.flush()  # assigns the id
    jobs.enqueue(send_outbox_email, email.id, unique=True)
