"""The letters that the site sends: one function for each.

Each puts a letter into the outbox as part of the current transaction; it is delivered when that
commits. Links lead to FLASKY_URL, never to the host that a request claims to be for.
"""

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask_babel import force_locale, get_locale, gettext

from . import jobs
from .extensions import db
from .models import Letter, User

SECONDS_AN_HOUR = 3600


def send_confirmation(user: User) -> None:
    """Ask a new user to confirm the address."""
    url = site_url("auth.confirm", token=user.generate_confirmation_token(_lifetime()))
    with _language_of(user):
        _post(user.email, "confirm", gettext("Confirm your account"), user=user, url=url)


def send_already_registered(email: str, user: User) -> None:
    """Tell whoever registers with, or moves to, an address in use that it is in use."""
    links = {"url": site_url("auth.login"), "reset_url": site_url("auth.password_reset_request")}
    with _language_of(user):
        subject = gettext("You already have an account")
        _post(email, "already_registered", subject, user=user, **links)


def send_no_account(email: str) -> None:
    """Tell whoever asks for a letter to this address that it has no account."""
    subject = gettext("There is no account for this address")
    _post(email, "no_account", subject, url=site_url("auth.register"))


def send_password_reset(user: User) -> None:
    """Send the link that allows choosing a new password."""
    url = site_url("auth.password_reset", token=user.generate_reset_token(_lifetime()))
    with _language_of(user):
        _post(user.email, "reset_password", gettext("Reset your password"), user=user, url=url)


def send_password_changed(user: User) -> None:
    """Tell a user that the password was changed, in case it was somebody else."""
    url = site_url("auth.password_reset_request")
    with _language_of(user):
        subject = gettext("Your password was changed")
        _post(user.email, "password_changed", subject, user=user, url=url)


def send_email_change(user: User, new_email: str) -> None:
    """Ask the new address to confirm that it is this user's."""
    token = user.generate_email_change_token(new_email, _lifetime())
    url = site_url("auth.change_email", token=token)
    with _language_of(user):
        _post(new_email, "change_email", gettext("Confirm your new address"), user=user, url=url)


def send_new_user(user: User) -> None:
    """Tell the administrator, if there is one, that someone has joined."""
    admin = current_app.config["FLASKY_ADMIN"]
    if admin:
        url = site_url("main.user", username=user.username)
        with force_locale(current_app.config["BABEL_DEFAULT_LOCALE"]):
            subject = gettext("New account: %(username)s", username=user.username)
            _post(admin, "new_user", subject, user=user, url=url)


def site_url(endpoint: str, **values: Any) -> str:
    """Return the public address of a page, built from FLASKY_URL alone."""
    site = urlsplit(current_app.config["FLASKY_URL"])
    adapter = current_app.url_map.bind(
        site.netloc, script_name=f"{site.path}/", url_scheme=site.scheme
    )
    return adapter.build(endpoint, values, force_external=True)


def _lifetime() -> int:
    return int(current_app.config["FLASKY_LINK_HOURS"]) * SECONDS_AN_HOUR


def _language_of(user: User) -> AbstractContextManager[None]:
    language: AbstractContextManager[None] = force_locale(
        user.locale or current_app.config["BABEL_DEFAULT_LOCALE"]
    )
    return language


def _post(recipient: str, name: str, subject: str, **context: Any) -> None:
    """Put the letter `name` into the outbox, to be delivered once the transaction commits."""
    context |= {
        "hours": current_app.config["FLASKY_LINK_HOURS"],
        "lang": str(get_locale()).replace("_", "-"),
        "site_url": current_app.config["FLASKY_URL"],
    }
    prefix = current_app.config["FLASKY_MAIL_SUBJECT_PREFIX"]
    letter = Letter(
        recipient=recipient,
        subject=f"{prefix} {subject}".strip(),
        body_text=render_template(f"email/{name}.txt", **context),
        body_html=render_template(f"email/{name}.html", **context),
    )
    db.session.add(letter)
    db.session.flush()  # gives it an id
    jobs.after_commit(jobs.deliver_letter, letter.id)
