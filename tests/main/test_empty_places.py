"""Where there is nothing yet, the page says what to do next, in one sentence with a way on."""

import pytest

from tests.factories import Factory
from tests.reader import Reader


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", "/auth/register"),
        ("/user/ann", "/"),
        ("/followers/ann", "/user/ann"),
        ("/followed-by/ann", "/"),
    ],
)
def test_stranger_is_shown_a_way_on(make: Factory, reader: Reader, path: str, link: str) -> None:
    make.user()

    page = reader.open(path)

    assert page.status == 200
    assert 'class="empty"' in page.html
    assert link in page.links
    assert "pager" not in page.html


@pytest.mark.parametrize("path", ["/", "/followed", "/user/boss", "/followers/boss", "/moderate"])
def test_member_is_shown_a_way_on(make: Factory, reader: Reader, path: str) -> None:
    reader.log_in(make.user("boss", role="Administrator"))

    page = reader.open(path)

    assert page.status == 200
    assert 'class="empty"' in page.html


def test_post_without_comments_says_so(make: Factory, reader: Reader) -> None:
    post_id = make.post(make.user())

    assert "No comments yet" in reader.open(f"/post/{post_id}").text


def test_empty_place_is_gone_once_there_is_something(make: Factory, reader: Reader) -> None:
    make.post(make.user())

    assert 'class="empty"' not in reader.open("/").html
