"""The fields of the API. Clients depend on them: a change needs a new version of the API."""

from flask import Flask

from tests.support.api_client import ApiClient, Contract
from tests.support.factories import Factory

USER = (
    "id url username name location about_me avatar_url member_since last_seen posts_url "
    "followed_posts_url followers_url following_url post_count follower_count following_count"
)
POST = "id url body body_html timestamp edited_at author author_url comments_url comment_count"
COMMENT = "id url body body_html timestamp edited_at disabled author author_url post_url"
TOKEN = "id url name read_only timestamp expires_at last_used_at"
FIELDS = {
    "PostIn": "body",
    "PostOut": POST,
    "FoundPostOut": f"{POST} excerpt_html",
    "PostList": "prev_url next_url posts",
    "CountedPostList": "prev_url next_url posts count",
    "CommentIn": "body",
    "CommentOut": COMMENT,
    "FoundCommentOut": f"{COMMENT} excerpt_html",
    "CommentList": "prev_url next_url comments",
    "CountedCommentList": "prev_url next_url comments count",
    "ProfileIn": "name location about_me",
    "UserOut": USER,
    "MeOut": f"{USER} email role",
    "UserList": "prev_url next_url users count",
    "HiddenUserList": "prev_url next_url users",
    "UserSummaryOut": "id url username name timestamp",
    "FoundPostList": "prev_url next_url posts",
    "FoundCommentList": "prev_url next_url comments",
    "FoundUserList": "users",
    "FoundUserOut": "id url username name",
    "NotificationList": "prev_url next_url notifications unread_count",
    "NotificationOut": "id kind timestamp unread actor actor_url post_url comment_url",
    "ReadNotificationsIn": "until",
    "ReportIn": "reason text",
    "TokenIn": "name read_only days code",
    "TokenOut": TOKEN,
    "NewTokenOut": f"{TOKEN} token",
    "TokenList": "prev_url next_url tokens",
    "Problem": "type title status error detail reason errors request_id",
    "FieldError": "field message",
}


def test_schemas_have_these_fields(app: Flask) -> None:
    schemas = Contract.of(app).document["components"]["schemas"]

    assert set(schemas) == set(FIELDS)
    for name, schema in schemas.items():
        assert set(schema["properties"]) == set(FIELDS[name].split()), name
        if name.endswith("Out"):
            assert set(schema["required"]) == set(schema["properties"]), name
    assert not any(schema["additionalProperties"] for schema in schemas.values())


def test_urls_lead_to_their_resources(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    comment = make.comment(ann, post)
    make.follow(make.user("bob"), ann)
    client = ApiClient(app, ann)
    follower = client.get(f"/users/{ann.id}/followers/").get_json()["users"][0]
    resources = [
        client.get("/me").get_json(),
        client.get(f"/posts/{post}").get_json(),
        client.get(f"/comments/{comment}").get_json(),
        client.get("/tokens/").get_json()["tokens"][0],
        follower,
    ]

    for resource in resources:
        for name, url in resource.items():
            if name.endswith("url") and url is not None:  # avatar_url: test_avatars.py
                response = client.get(url.removeprefix("http://localhost"))
                assert response.status_code == 200, name
        assert (
            client.get(resource["url"].removeprefix("http://localhost")).get_json()["url"]
            == (resource["url"])
        )
    assert follower["username"] == "bob"
