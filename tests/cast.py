"""A small site in which every kind of reader occurs, to try every address on."""

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Role, User

from .addresses import READERS, Address
from .factories import PASSWORD, Factory, Person
from .reader import Page
from .rows import Snapshot, token_for

ROLES = {"moderator": "Moderator", "administrator": "Administrator"}


class Cast:
    """People of every kind, a post, a comment and links, and the addresses made of them."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.people: dict[str, Person] = {
            name: make.user(name, role=ROLES.get(name))
            for name in ("author", "user", "moderator", "administrator", "other")
        }
        self.people["unconfirmed"] = make.user("unsure")
        author, unsure = self.people["author"], make.user("pending", confirmed=False)
        post = make.post(author)
        with app.app_context():
            role = Role.named("User")
            assert role is not None
            role_id = role.id
        self.values = {
            "post": post,
            "comment": make.comment(author, post),
            "author": "author",
            "other": "other",
            "other_id": self.people["other"].id,
            "role": role_id,
            "password": PASSWORD,
            "confirm": token_for(app, unsure, "confirm"),
            "reset": token_for(app, self.people["other"], "reset"),
            "move": token_for(app, author, "change_email"),
        }

    def enter(self, kind: str) -> tuple[FlaskClient, str]:
        """Return the browser of a reader of this kind, and its token against forgery."""
        client = self.app.test_client()
        form = Page("/auth/login", client.get("/auth/login")).form_with({"password"})
        if kind != "anonymous":
            person = self.people[kind]
            fields = {**form.fields, "email": person.email, "password": person.password}
            assert client.post("/auth/login", data=fields).headers["Location"] == "/"
        return client, form.fields["csrf_token"]

    def take_confirmation_back(self) -> None:
        """Let the unconfirmed be so; to come in they had to be confirmed."""
        with self.app.app_context():
            db.session.get_one(User, self.people["unconfirmed"].id).confirmed = False
            db.session.commit()

    def path(self, address: Address) -> str:
        """Return the path of `address`, with the rows of this site in it."""
        return address.path.format(**self.values)

    def fields(self, address: Address) -> dict[str, str]:
        """Return what is sent to `address`."""
        return {name: text.format(**self.values) for name, text in address.fields.items()}


class Stage:
    """The cast, made and logged in once, for tests that try many addresses.

    To make the people and to log in takes several times as long as what is tried.
    """

    def __init__(self, app: Flask) -> None:
        self.cast = Cast(app, Factory(app))
        self.app = app
        self._entered = {}
        for kind in READERS:
            client, token = self.cast.enter(kind)
            cookie = client.get_cookie("session")
            assert cookie is not None
            self._entered[kind] = cookie.value, token
        self.cast.take_confirmation_back()
        self._beginning = Snapshot(app)

    def enter(self, kind: str) -> tuple[FlaskClient, str]:
        """Begin anew, as if nothing had been done; return a browser and its token."""
        self._beginning.put_back()
        client = self.app.test_client()
        session, token = self._entered[kind]
        client.set_cookie("session", session)
        return client, token
