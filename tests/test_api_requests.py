"""The paths of the API, and the format of its errors."""

from flask import Flask

from app.api_requests import is_api_path, is_api_request, problem_document


def test_paths_of_the_api_are_recognized(app: Flask) -> None:
    paths = {
        "/api": (True, True),
        "/api/v1/posts/": (True, True),
        "/api/docs": (True, False),
        "/api/docs/": (True, False),
        "/apis": (False, False),
        "/": (False, False),
    }

    for path, expected in paths.items():
        with app.test_request_context(path):
            assert (is_api_path(), is_api_request()) == expected, path
    assert not is_api_path()


def test_detail_defaults_to_the_phrase_of_the_status() -> None:
    document = problem_document(418, None, "id")

    assert document == {
        "type": "about:blank",
        "title": "I'm a Teapot",
        "status": 418,
        "error": "i'm a teapot",
        "detail": "I'm a Teapot",
        "reason": None,
        "errors": [],
        "request_id": "id",
    }
