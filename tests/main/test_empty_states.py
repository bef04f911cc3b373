"""Empty lists show an explanation and a link to the next step."""

import pytest

from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", "/auth/register"),
        ("/user/ann", "/"),
        ("/followers/ann", "/user/ann"),
        ("/followed-by/ann", "/"),
    ],
)
def test_empty_list_links_to_the_next_step(
    make: Factory, client: SiteClient, path: str, link: str
) -> None:
    make.user()

    page = client.open(path)

    assert page.status == 200
    assert 'class="empty"' in page.html
    assert link in page.links
    assert "pager" not in page.html


@pytest.mark.parametrize("path", ["/", "/followed", "/user/boss", "/followers/boss", "/moderate"])
def test_logged_in_user_sees_empty_states(make: Factory, client: SiteClient, path: str) -> None:
    client.log_in(make.user("boss", role="Administrator"))

    page = client.open(path)

    assert page.status == 200
    assert 'class="empty"' in page.html


def test_post_without_comments_says_so(make: Factory, client: SiteClient) -> None:
    post_id = make.post(make.user())

    assert "No comments yet" in client.open(f"/post/{post_id}").text


def test_empty_state_disappears(make: Factory, client: SiteClient) -> None:
    make.post(make.user())

    assert 'class="empty"' not in client.open("/").html
