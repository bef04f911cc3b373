"""Everything that can be done on the site, well and badly. Names in braces are filled by
`World.known`."""

from dataclasses import dataclass, field
from typing import Any

from tests.factories import PASSWORD
from tests.reader import Page

from .site import World

LONG = "data " * 5000
WORDS = {"body": "data"}
NOTHING = {"body": ""}
PASSWORDS = {"password": "datadatadata", "password2": "datadatadata"}
DIFFERENT = {"password": "data", "password2": "datadata"}
SOMEONE = {"email": "data_new@example.com", "username": "data_new", **PASSWORDS}

# What makes the site send letters: one of each kind, at least.
LETTER_WRITERS = [
    "register",
    "register again",
    "ask again",
    "confirm",
    "forget",
    "forget who one is",
    "change address",
    "change password",
]


@dataclass(frozen=True)
class Deed:
    """A form sent by somebody from the page `path`: the one that leads to `action`, if given.

    `bare` ones come from no page.
    """

    reader: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    action: str | None = None
    bare: bool = False

    @property
    def target(self) -> str:
        """Where the form leads; most lead to the page they stand on."""
        own = {"/auth/unconfirmed": "/auth/confirm"}
        return self.action or own.get(self.path, self.path)

    def do(self, world: World) -> Page:
        """Send the form; return the page that answers."""
        reader, path = world.reader(self.reader), world.path(self.path)
        if self.bare:
            return reader.post(path, **self.fields)
        return reader.submit(path, self.fields, self.action and world.path(self.action))


READING_AND_WRITING = {
    "publish": Deed("user", "/", WORDS),
    "publish nothing": Deed("user", "/", NOTHING),
    "publish too much": Deed("user", "/", {"body": LONG}),
    "preview a post": Deed("user", "/", {**WORDS, "preview": "1"}),
    "publish without a login": Deed("anonymous", "/", WORDS, bare=True),
    "edit": Deed("user", "/edit/{mine}", WORDS),
    "edit to nothing": Deed("user", "/edit/{mine}", NOTHING),
    "delete a post": Deed("user", "/post/{mine}/deletion", {}, "/post/{mine}/deletion"),
    "comment": Deed("user", "/post/{silent}", WORDS),
    "comment with nothing": Deed("user", "/post/{silent}", NOTHING),
    "comment too much": Deed("user", "/post/{silent}", {"body": LONG}),
    "preview a comment": Deed("user", "/post/{silent}", {**WORDS, "preview": "1"}),
    "preview as one types": Deed("user", "/preview", WORDS, bare=True),
    "delete a comment": Deed(
        "user", "/comment/{comment}/deletion", {}, "/comment/{comment}/deletion"
    ),
    "hide a comment": Deed("moderator", "/moderate", {}, "/comment/{other}/suspension"),
    "show a comment": Deed("moderator", "/moderate", {}, "/comment/{hidden}/restoration"),
}
PEOPLE = {
    "follow": Deed("newcomer", "/user/data_user", {}, "/follow/data_user"),
    "follow again": Deed("moderator", "/follow/data_user", bare=True),
    "follow oneself": Deed("user", "/follow/data_user", bare=True),
    "unfollow": Deed("moderator", "/user/data_user", {}, "/unfollow/data_user"),
    "unfollow a stranger": Deed("newcomer", "/unfollow/data_user", bare=True),
    "edit profile": Deed("user", "/edit-profile", {"name": "data"}),
    "edit profile badly": Deed("user", "/edit-profile", {"name": LONG}),
    "administer": Deed("administrator", "/edit-profile/{id}", {"location": "data"}),
    "administer badly": Deed(
        "administrator",
        "/edit-profile/{id}",
        {"email": "data", "username": "2data", "name": LONG, "role": "999"},
    ),
    "administer with taken names": Deed(
        "administrator",
        "/edit-profile/{id}",
        {"email": "data_moderator@example.com", "username": "data_moderator", "role": "data"},
    ),
    "delete a user": Deed("administrator", "/user/data_user/deletion", {"username": "data_user"}),
    "delete a user badly": Deed(
        "administrator", "/user/data_user/deletion", {"username": "data_other"}
    ),
    "choose": Deed("user", "/preferences", {"theme": "dark"}),
    "choose nothing": Deed("anonymous", "/preferences", {"theme": None, "locale": None}),
    "choose what is not there": Deed("user", "/preferences", {"theme": "x", "locale": "x"}),
}
ACCOUNT = {
    "log in": Deed(
        "anonymous",
        "/auth/login",
        {"email": "data_user@example.com", "password": "correct horse battery"},
    ),
    "log in badly": Deed(
        "anonymous", "/auth/login", {"email": "data_user@example.com", "password": "data"}
    ),
    "log in with nothing": Deed("anonymous", "/auth/login", {"email": "", "password": ""}),
    "log out": Deed("user", "/", {}, "/auth/logout"),
    "register": Deed("anonymous", "/auth/register", SOMEONE),
    "register with nothing": Deed("anonymous", "/auth/register", {"email": ""}),
    "register again": Deed(
        "anonymous",
        "/auth/register",
        {**SOMEONE, "email": "data_user@example.com", "username": "data_again"},
    ),
    "register badly": Deed(
        "anonymous", "/auth/register", {"email": "data", "username": "2 data", **DIFFERENT}
    ),
    "register with a taken name": Deed(
        "anonymous",
        "/auth/register",
        {**SOMEONE, "username": "data_user", "password": "password", "password2": LONG},
    ),
    "register with too much": Deed(
        "anonymous", "/auth/register", {"email": LONG, "username": LONG, "password": LONG}
    ),
    "ask again": Deed("anonymous", "/auth/unconfirmed", {"email": "data_pending@example.com"}),
    "ask again for nothing": Deed("anonymous", "/auth/unconfirmed", {"email": ""}),
    "confirm": Deed("anonymous", "/auth/confirm/{confirm}", {"password": PASSWORD}),
    "confirm another's account": Deed(
        "anonymous", "/auth/confirm/{confirm}", {"password": "of somebody else"}
    ),
    "forget": Deed("anonymous", "/auth/reset", {"email": "data_user@example.com"}),
    "forget who one is": Deed("anonymous", "/auth/reset", {"email": "data_nobody@example.com"}),
    "forget everything": Deed("anonymous", "/auth/reset", {"email": ""}),
    "reset": Deed("anonymous", "/auth/reset/{reset}", PASSWORDS),
    "reset badly": Deed("anonymous", "/auth/reset/{reset}", DIFFERENT),
    "change password": Deed(
        "user",
        "/auth/change-password",
        {"old_password": "correct horse battery", **PASSWORDS},
    ),
    "change password badly": Deed(
        "user", "/auth/change-password", {"old_password": "data", **DIFFERENT}
    ),
    "change address": Deed(
        "user",
        "/auth/change-email",
        {"email": "data_moved@example.com", "password": "correct horse battery"},
    ),
    "change address badly": Deed(
        "user", "/auth/change-email", {"email": "data", "password": "data"}
    ),
    "confirm the new address": Deed(
        "user", "/auth/change-email/{change_email}", {}, "/auth/change-email/{change_email}"
    ),
    "leave": Deed("user", "/auth/delete-account", {"password": "correct horse battery"}),
    "leave badly": Deed("user", "/auth/delete-account", {"password": "data"}),
}
TOKENS = {
    "make a token": Deed(
        "user", "/auth/tokens", {"name": "data", "days": "30", "password": "correct horse battery"}
    ),
    "make a token badly": Deed(
        "user", "/auth/tokens", {"name": "", "days": "0", "password": "data"}
    ),
    "make a token with too much": Deed("user", "/auth/tokens", {"name": LONG, "password": LONG}),
    "end a token": Deed("user", "/auth/tokens", {}, "/auth/tokens/{token}/revocation"),
    "end all tokens": Deed("user", "/auth/tokens", {}, "/auth/tokens/revocation"),
}
DEEDS = {**READING_AND_WRITING, **PEOPLE, **ACCOUNT, **TOKENS}
