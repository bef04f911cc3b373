"""OpenID Connect: the authorization code flow with PKCE, state and nonce.

The library is imported when it is used: most sites have no issuer.
"""

from importlib import import_module
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from flask import current_app, session
from werkzeug.exceptions import HTTPException

TIMEOUT = 5  # seconds, for each response of the issuer
LEEWAY = 120  # seconds by which the clock of the issuer may be wrong
MAX_SUBJECT = 255  # characters; longer ones violate the standard
STATE = "_state_oidc_"  # the start of Authlib's keys in the session
DENIED, EXPIRED, FAILED = "denied", "expired", "failed"


class OpenIDError(Exception):
    """The login failed; `reason` is DENIED (by the user), EXPIRED or FAILED (see the log)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(NamedTuple):
    """What the issuer says about a user."""

    subject: str
    email: str
    email_verified: bool


def is_enabled() -> bool:
    """Return True if an issuer is configured."""
    return bool(issuer())


def issuer() -> str:
    """Return the URL of the issuer, or "" if there is none."""
    return str(current_app.config["OIDC_ISSUER"] or "")


def issuer_name() -> str:
    """Return the name of the issuer for pages: OIDC_NAME, or its host."""
    return str(current_app.config["OIDC_NAME"] or urlsplit(issuer()).hostname)


def authorization_url(redirect_uri: str) -> str:
    """Return the URL at the issuer, and keep state, nonce and verifier in the session.

    Only the latest login can be completed: a cookie has no room for many. Raise OpenIDError.
    """
    for key in [key for key in session if key.startswith(STATE)]:
        del session[key]
    try:
        client = _client()
        values = client.create_authorization_url(redirect_uri)
        client.save_authorize_data(redirect_uri=redirect_uri, **values)
    except Exception as error:
        raise _failure(error) from error
    return str(values["url"])


def fetch_claims() -> Claims:
    """Exchange the code in the request for an ID token; return its verified claims.

    Each state is accepted once. Raise OpenIDError.
    """
    try:
        client = _client()
        options = {"iss": {"essential": True, "value": issuer()}}
        token = client.authorize_access_token(claims_options=options, leeway=LEEWAY)
        claims = token["userinfo"]
        if "email" not in claims:
            more = client.userinfo(token=token)
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
    except Exception as error:
        raise _failure(error) from error
    subject, email = str(claims["sub"]), str(claims.get("email") or "")
    if not subject or len(subject) > MAX_SUBJECT or "\0" in subject + email:
        raise OpenIDError(FAILED)
    verified = claims.get("email_verified")
    return Claims(subject, email, verified is True or verified == "true")


def _client() -> Any:
    """Return the client of this application, which keeps the configuration of the issuer."""
    if "openid" not in current_app.extensions:
        library = cast("Any", import_module("authlib.integrations.flask_client"))
        current_app.extensions["openid"] = library.OAuth(current_app).register(
            "oidc",
            client_id=current_app.config["OIDC_CLIENT_ID"],
            client_secret=current_app.config["OIDC_CLIENT_SECRET"],
            server_metadata_url=f"{issuer().rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email",
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT,
            },
        )
    client = current_app.extensions["openid"]
    if client.load_server_metadata().get("issuer") != issuer():
        del current_app.extensions["openid"]
        raise ValueError("The configuration of the issuer is for another OIDC_ISSUER.")
    return client


def _failure(error: Exception) -> OpenIDError:
    """Return the error for pages; log what only an operator can fix.

    A broken issuer can make the library raise anything.
    """
    if isinstance(error, HTTPException):
        raise error
    reason = {"access_denied": DENIED, "mismatching_state": EXPIRED}.get(
        getattr(error, "error", ""), FAILED
    )
    if reason == FAILED:
        kind = type(error).__name__
        message = "OpenID Connect: %s failed: %s: %.300r"  # it may contain parts of the request
        current_app.logger.warning(message, issuer(), kind, str(error))
    return OpenIDError(reason)
