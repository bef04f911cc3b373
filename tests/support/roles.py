"""A site with one user per role and example content, and a logged-in client for each role."""

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Role, User
from tests.support.endpoints import ROLES, Endpoint
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import Page
from tests.support.rows import Snapshot, add_passkey, add_report, token_for

ROLE_NAMES = {"moderator": "Moderator", "administrator": "Administrator"}


class ExampleSite:
    """One user per role, content and valid tokens; fills the paths of endpoints."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.users: dict[str, UserData] = {
            name: make.user(name, role=ROLE_NAMES.get(name))
            for name in ("author", "user", "moderator", "administrator", "other")
        }
        self.users["unconfirmed"] = make.user("unconfirmed")
        author, pending = self.users["author"], make.user("pending", confirmed=False)
        post = make.post(author)  # demo-only
        with app.app_context():
            role = Role.find_by_name("User")
            assert role is not None
            role_id = role.id
        self.values = {
            "post": post,  # demo-only
            "comment": make.comment(author, post),  # demo-only
            "report": add_report(app, self.users["author"], self.users["other"]),
            "passkey": add_passkey(app, author),
            "author": "author",
            "other": "other",
            "other_id": self.users["other"].id,
            "role": role_id,
            "password": PASSWORD,
            "confirm_token": token_for(app, pending, "confirm"),
            "reset_token": token_for(app, self.users["other"], "reset"),
            "change_email_token": token_for(app, author, "change_email"),
            "unsubscribe_token": token_for(app, author, "unsubscribe"),  # demo-only
            "restore_email_token": token_for(app, self.users["other"], "restore_email"),
        }

    def log_in(self, role: str) -> tuple[FlaskClient, str]:
        """Return a client logged in as this role, and its CSRF token."""
        client = self.app.test_client()
        form = Page("/auth/login", client.get("/auth/login")).form_with({"password"})
        if role != "anonymous":
            user = self.users[role]
            fields = {**form.fields, "email": user.email, "password": user.password}
            assert client.post("/auth/login", data=fields).headers["Location"] == "/"
            form = Page("/preferences", client.get("/preferences")).form_with({"csrf_token"})
        return client, form.fields["csrf_token"]

    def unconfirm(self) -> None:
        """Unconfirm the user `unconfirmed`, who had to be confirmed to log in."""
        with self.app.app_context():
            db.session.get_one(User, self.users["unconfirmed"].id).confirmed = False
            db.session.commit()

    def path(self, endpoint: Endpoint) -> str:
        """Return the path of `endpoint`, with the ids and tokens of this site."""
        return endpoint.path.format(**self.values)

    def fields(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the form fields of `endpoint`, with the values of this site."""
        return {name: text.format(**self.values) for name, text in endpoint.fields.items()}


class RoleClients:
    """Clients for every role. Users and sessions are created once and restored from a snapshot.

    Creating and logging in the users takes several times as long as the requests of a test.
    """

    def __init__(self, app: Flask) -> None:
        self.site = ExampleSite(app, Factory(app))
        self.app = app
        self._sessions = {}
        for role in ROLES:
            client, token = self.site.log_in(role)
            cookie = client.get_cookie("session")
            assert cookie is not None
            self._sessions[role] = cookie.value, token
        self.site.unconfirm()
        self._snapshot = Snapshot(app)

    def restore(self) -> None:
        """Undo all changes to the database."""
        self._snapshot.restore()

    def client(self, role: str) -> tuple[FlaskClient, str]:
        """Return a new client of this role, and its CSRF token."""
        client = self.app.test_client()
        session, token = self._sessions[role]
        client.set_cookie("session", session)
        return client, token
