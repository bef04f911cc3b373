"""The `endpoint` decorator: declaration, permission and commit."""

from typing import Any

import pytest
from flask import Flask, request
from werkzeug.exceptions import Unauthorized

from app.api.endpoint import AUTHENTICATED, endpoint, spec_of
from app.api.responses import ResponseBody
from app.extensions import db
from app.models import Role


class Out(ResponseBody):
    """A response body."""


def test_docstring_becomes_summary_and_description() -> None:
    @endpoint(status=204)
    def view() -> None:
        """Do it.

        Takes a
        while.
        """

    spec = spec_of(view)
    assert (spec.summary, spec.description, spec.status) == ("Do it", "Takes a while.", 204)


def test_only_unsafe_methods_commit(app: Flask) -> None:
    @endpoint(response=Out)
    def view() -> Out:
        """Change a role."""
        db.session.execute(db.update(Role).where(Role.default).values(name=request.method))
        return Out()

    for method, name in (("GET", "User"), ("HEAD", "User"), ("POST", "POST")):
        with app.test_request_context("/", method=method):
            assert view().status_code == 200
            db.session.rollback()
            assert db.session.scalar(db.select(Role.name).where(Role.default)) == name
    with app.app_context():
        db.session.execute(db.update(Role).where(Role.default).values(name="User"))
        db.session.commit()


@pytest.mark.parametrize("permission", [AUTHENTICATED, 4])
def test_permission_requires_a_token(app: Flask, permission: Any) -> None:
    @endpoint(permission=permission, response=Out)
    def view() -> Out:
        """Return an empty body."""
        return Out()

    with app.test_request_context("/api/v1/me"), pytest.raises(Unauthorized):
        view()
