"""What caches between the site and its readers may keep."""

import pytest
from flask import Flask

from .factories import Factory
from .reader import Reader


@pytest.mark.parametrize("path", ["/", "/user/ann", "/edit-profile", "/moderate", "/no-such-page"])
def test_pages_of_a_member_are_private(app: Flask, make: Factory, path: str) -> None:
    reader = Reader(app).log_in(make.user("ann", "Moderator"))

    response = reader.open(path).response

    assert response.cache_control.private
    assert response.cache_control.no_cache
    assert "Cookie" in response.vary


def test_page_with_a_form_is_private(app: Flask, reader: Reader) -> None:
    assert reader.open("/auth/login").response.cache_control.private


@pytest.mark.parametrize("path", ["/", "/user/ann", "/no-such-page"])
def test_pages_of_a_stranger_may_be_kept_by_language(
    make: Factory, reader: Reader, path: str
) -> None:
    make.user("ann")

    response = reader.open(path).response

    assert not response.cache_control.private
    assert "Accept-Language" in response.vary
