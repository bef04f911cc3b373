"""What costs us much, or was never meant: it is refused briefly, and breaks nothing."""

import base64
import json
from io import BytesIO

import pytest
from flask import Flask

from tests.api.program import Program
from tests.factories import PASSWORD, Factory

MANY = json.dumps({f"{number:x}": 1 for number in range(60_000)}).encode()
LONG = json.dumps({"x" * 900_000: 1, "body": "x"}).encode()


@pytest.mark.parametrize("sent", [MANY, LONG], ids=["many fields", "long field"])
def test_unknown_fields_are_not_repeated(app: Flask, make: Factory, sent: bytes) -> None:
    program = Program(app, make.user("ann"))

    answer = program.send("POST", "/posts/", data=sent, content_type="application/json")

    assert answer.status_code == 400
    assert len(answer.data) < 1000


def test_stranger_may_send_little(app: Flask) -> None:
    sent = json.dumps({"name": "x" * 20_000}).encode()

    answer = Program(app).send("POST", "/tokens/", data=sent, content_type="application/json")

    assert answer.status_code == 413


def test_body_of_unknown_length_is_refused_when_it_is_too_long(app: Flask, make: Factory) -> None:
    sent = json.dumps({"body": "cut off"}).encode() + b" " * 2_000_000 + b"nonsense"
    program = Program(app, make.user("ann"))

    answer = program.send(
        "POST",
        "/posts/",
        input_stream=BytesIO(sent),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )

    assert answer.status_code == 413
    assert program.get("/posts/").get_json()["posts"] == []


@pytest.mark.parametrize("name", ["a\0b@example.com", "\0", "ann\0"])
def test_nul_in_a_name_is_like_any_unknown_name(app: Flask, name: str) -> None:
    header = f"Basic {base64.b64encode(f'{name}:{PASSWORD}'.encode()).decode()}"

    answer = Program(app).post("/tokens/", {"name": "x"}, headers={"Authorization": header})

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["x\x1b[31mred", "two\nlines", "\x7f"])
def test_name_of_a_token_is_one_line(app: Flask, make: Factory, name: str) -> None:
    ann = make.user("ann")
    header = f"Basic {base64.b64encode(f'{ann.email}:{PASSWORD}'.encode()).decode()}"

    answer = Program(app).post("/tokens/", {"name": name}, headers={"Authorization": header})

    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_address_without_its_slash_is_the_same_address(app: Flask, method: str) -> None:
    answers = [Program(app).send(method, path) for path in ("/posts/", "/posts")]

    assert [answer.status_code for answer in answers] == [405, 405]
    assert set(answers[0].allow) == set(answers[1].allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_key_is_the_same_with_and_without_the_slash(app: Flask, make: Factory) -> None:
    program, headers = Program(app, make.user("ann")), {"Idempotency-Key": "k"}

    ids = {
        program.post(path, {"body": "x"}, headers=headers).get_json()["id"]
        for path in ("/posts/", "/posts")
    }

    assert len(ids) == 1


def test_digits_of_other_scripts_are_no_id(app: Flask, make: Factory) -> None:
    make.post(make.user("ann"))

    assert app.test_client().get("/api/v1/posts/\u0661").status_code == 404
    assert app.test_client().get("/post/\u0661").status_code == 404


def test_suspension_heeds_if_match(app: Flask, make: Factory) -> None:
    ann, moderator = make.user("ann"), make.user("mod", "Moderator")
    comment = make.comment(ann, make.post(ann))

    for method in ("PUT", "DELETE"):
        answer = Program(app, moderator).send(
            method, f"/comments/{comment}/suspension", headers={"If-Match": '"other"'}
        )
        assert answer.status_code == 412


@pytest.mark.parametrize(("status", "word"), [(413, "content too large"), (422, "unprocessable")])
def test_words_stay_whatever_python_calls_them(
    app: Flask, make: Factory, status: int, word: str
) -> None:
    program, headers = Program(app, make.user("ann")), {"Idempotency-Key": "k"}
    program.post("/posts/", {"body": "x"}, headers=headers)

    answer = (
        program.post("/posts/", {"body": "y"}, headers=headers)
        if status == 422
        else program.post("/posts/", {"body": "x" * 1_100_000})
    )

    assert answer.get_json()["error"].startswith(word)
