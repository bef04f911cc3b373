"""A small site in which every kind of reader occurs, to try every address on."""

from flask import Flask
from flask.testing import FlaskClient

from app.models import Role

from .addresses import Address
from .factories import PASSWORD, Factory, Person
from .reader import Page
from .rows import token_for

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

    def path(self, address: Address) -> str:
        """Return the path of `address`, with the rows of this site in it."""
        return address.path.format(**self.values)

    def fields(self, address: Address) -> dict[str, str]:
        """Return what is sent to `address`."""
        return {name: text.format(**self.values) for name, text in address.fields.items()}
