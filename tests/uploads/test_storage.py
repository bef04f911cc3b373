"""Files in a folder, and in a bucket of a real server: both behave alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import uploads
from app.uploads.storage import open_store
from tests.support.app_factory import make_app
from tests.support.s3_server import BUCKET, KEY, SECRET, S3Server

MISSING = f"{'0' * 32}.webp"


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """The value of UPLOAD_STORAGE, and the folder in which the files are then."""
    if request.param == "folder":
        return str(tmp_path / "new" / "uploads"), tmp_path / "new" / "uploads"
    server: S3Server = request.getfixturevalue("s3_server")
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/avatars", server.buckets / BUCKET / "avatars"


@pytest.fixture
def site(place: tuple[str, Path]) -> Iterator[Flask]:
    app = make_app(UPLOAD_STORAGE=place[0])
    with app.app_context():
        yield app


@pytest.mark.usefixtures("site")
def test_file_is_stored_read_and_deleted(place: tuple[str, Path]) -> None:
    key = uploads.save(b"content")

    assert (place[1] / key).read_bytes() == b"content"
    assert uploads.read(key) == b"content"
    uploads.delete(key)
    assert uploads.read(key) is None
    assert not (place[1] / key).exists()


@pytest.mark.usefixtures("site")
def test_missing_file_is_none_and_can_be_deleted_again() -> None:
    uploads.delete(MISSING)

    assert uploads.read(MISSING) is None


@pytest.mark.usefixtures("site")
def test_same_content_is_another_file() -> None:
    first, second = uploads.save(b"same"), uploads.save(b"same")
    uploads.delete(first)

    assert uploads.read(second) == b"same"


def fails(storage: str) -> str:
    """Return the error of reading; the other operations fail alike."""
    with make_app(UPLOAD_STORAGE=storage).app_context():
        with pytest.raises(uploads.StorageError):
            uploads.save(b"content")
        with pytest.raises(uploads.StorageError):
            uploads.delete(MISSING)
        with pytest.raises(uploads.StorageError) as caught:
            uploads.read(MISSING)
        return str(caught.value)


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "\n" not in fails(str(tmp_path / "file" / "uploads"))


def test_wrong_secret_is_an_error_of_one_line(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {**s3_server.variables, "AWS_SECRET_ACCESS_KEY": "wrong"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    error = fails(f"s3://{BUCKET}")

    assert "403" in error
    assert "\n" not in error
    assert "wrong" not in error


def test_server_that_does_not_respond_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    for name, value in {**variables, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)

    assert "127.0.0.1:1" in fails(f"s3://{BUCKET}")


def test_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = make_app(UPLOAD_STORAGE="~/uploads")

    assert str(tmp_path / "uploads") in str(open_store(app))
