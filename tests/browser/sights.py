"""Every page of the site, in every state in which it looks different.

The names in braces stand for what the demo site knows (demo_site.py).
"""

from dataclasses import dataclass

OLDER = "a[rel=next]"
SUBMIT = "main [type=submit]"
PUBLISH = "[data-composer] [name=submit]"
MENU = "header summary"


@dataclass(frozen=True)
class Sight:
    """A page as one kind of reader sees it, after clicking on something if `click` says so."""

    path: str
    reader: str = "anonymous"
    click: str = ""
    status: int = 200


READING = {
    "home": Sight("/"),
    "home to a user": Sight("/", "user"),
    "home to a newcomer": Sight("/", "newcomer"),
    "home to an administrator": Sight("/", "administrator"),
    "older posts": Sight("/", click=OLDER),
    "open menu": Sight("/", "user", MENU),
    "open menu of a moderator": Sight("/moderate", "moderator", MENU),
    "empty post": Sight("/", "user", PUBLISH),
    "followed": Sight("/followed", "user"),
    "older followed": Sight("/followed", "user", OLDER),
    "followed by a newcomer": Sight("/followed", "newcomer"),
    "post": Sight("/post/{suspended}"),
    "post to a user": Sight("/post/{suspended}", "user"),
    "post to its author": Sight("/post/{mine}", "user"),
    "post to a moderator": Sight("/post/{suspended}", "moderator"),
    "post to an administrator": Sight("/post/{suspended}", "administrator"),
    "post without comments": Sight("/post/{silent}"),
    "post without comments to a user": Sight("/post/{silent}", "user"),
    "older comments": Sight("/post/{busy}", "user", OLDER),
    "empty comment": Sight("/post/{silent}", "user", PUBLISH),
    "profile": Sight("/user/maya"),
    "own profile": Sight("/user/maya", "user"),
    "profile of someone followed": Sight("/user/tom", "user"),
    "profile of a stranger": Sight("/user/zhihe", "newcomer"),
    "profile to an administrator": Sight("/user/old_gregor", "administrator"),
    "empty profile": Sight("/user/newcomer"),
    "own empty profile": Sight("/user/newcomer", "newcomer"),
    "followers": Sight("/followers/maya"),
    "older followers": Sight("/followers/maya", click=OLDER),
    "no followers": Sight("/followers/newcomer"),
    "followed people": Sight("/followed-by/maya", "user"),
    "older followed people": Sight("/followed-by/maya", click=OLDER),
    "no followed people": Sight("/followed-by/newcomer", "newcomer"),
    "API": Sight("/api/docs"),
    "API to a user": Sight("/api/docs", "user"),
    "preferences": Sight("/preferences"),
    "preferences of a user": Sight("/preferences?next=/followed", "user"),
}
WRITING = {
    "edit": Sight("/edit/{mine}", "user"),
    "edit to nothing": Sight("/edit/{suspended}", "administrator"),
    "delete a post": Sight("/post/{mine}/deletion", "user"),
    "delete another's post": Sight("/post/{suspended}/deletion", "moderator"),
    "delete a comment": Sight("/comment/{my_comment}/deletion", "user"),
    "delete another's comment": Sight("/comment/{my_comment}/deletion", "moderator"),
    "moderate": Sight("/moderate", "moderator"),
    "moderate older comments": Sight("/moderate", "administrator", OLDER),
    "edit profile": Sight("/edit-profile", "user"),
    "edit an empty profile": Sight("/edit-profile", "newcomer"),
    "administer": Sight("/edit-profile/{maya}", "administrator"),
    "delete a user": Sight("/user/newcomer/deletion", "administrator"),
    "delete a user, wrong name": Sight("/user/newcomer/deletion", "administrator", SUBMIT),
}
ACCOUNT = {
    "log in": Sight("/auth/login"),
    "log in with nothing": Sight("/auth/login", click=SUBMIT),
    "page that asks to log in": Sight("/followed"),
    "register": Sight("/auth/register"),
    "register with nothing": Sight("/auth/register", click=SUBMIT),
    "unconfirmed": Sight("/auth/unconfirmed"),
    "unconfirmed, no address": Sight("/auth/unconfirmed", click=SUBMIT),
    "confirm": Sight("/auth/confirm/{confirm}"),
    "reset request": Sight("/auth/reset"),
    "reset request with nothing": Sight("/auth/reset", click=SUBMIT),
    "reset": Sight("/auth/reset/{reset}"),
    "reset to nothing": Sight("/auth/reset/{reset}", click=SUBMIT),
    "change password": Sight("/auth/change-password", "user"),
    "change password to nothing": Sight("/auth/change-password", "user", SUBMIT),
    "change address": Sight("/auth/change-email", "user"),
    "confirm new address": Sight("/auth/change-email/{move}", "user"),
    "tokens": Sight("/auth/tokens", "user"),
    "no tokens": Sight("/auth/tokens", "newcomer"),
    "token without a name": Sight("/auth/tokens", "newcomer", "form.sheet [type=submit]"),
    "delete account": Sight("/auth/delete-account", "user"),
    "delete account, wrong password": Sight("/auth/delete-account", "user", SUBMIT),
}
TROUBLE = {
    "bad confirmation link": Sight("/auth/confirm/broken", status=400),
    "bad reset link": Sight("/auth/reset/broken", status=400),
    "bad link to a new address": Sight("/auth/change-email/broken", "user", status=400),
    "bad link to a page of a list": Sight("/?before=yesterday", status=400),
    "administrator may not leave": Sight("/auth/delete-account", "administrator", status=403),
    "forbidden": Sight("/moderate", "user", status=403),
    "not found": Sight("/nothing", status=404),
    "no such user": Sight("/user/nobody", "user", status=404),
    "not by a link": Sight("/auth/logout", status=405),
    **{
        f"error {status}": Sight(f"/error/{status}", "user", status=status)
        for status in (400, 409, 413, 418, 429, 500, 503)
    },
}
SIGHTS = {**READING, **WRITING, **ACCOUNT, **TROUBLE}
EMPTY_SIGHTS = {
    "first visit": Sight("/"),
    "first post": Sight("/", "user"),
    "nothing to moderate": Sight("/moderate", "moderator"),
}
