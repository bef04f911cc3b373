"""An OpenID Connect issuer on this machine, and a user who is linked."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.auth.openid_actions import link
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.openid_issuer import CLIENT_ID, CLIENT_SECRET, Issuer


@pytest.fixture(scope="module")
def running_issuer() -> Iterator[Issuer]:
    """An issuer for all tests of this module."""
    with Issuer("http://flasky.example") as issuer:
        yield issuer


@pytest.fixture
def issuer(
    app: Flask, running_issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Issuer]:
    """An issuer that the site is configured for, at which Ann is logged in."""
    settings = {"ISSUER": running_issuer.url, "NAME": "Example"}
    settings |= {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    for name, value in settings.items():
        monkeypatch.setitem(app.config, f"OIDC_{name}", value)
    running_issuer.reset()
    yield running_issuer
    app.extensions.pop("openid", None)


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def linked(app: Flask, issuer: Issuer, ann: UserData) -> UserData:
    """A user whose account is linked."""
    link(SiteClient(app).log_in(ann))
    return ann
