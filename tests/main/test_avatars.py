"""Uploading, showing, replacing and removing avatars; the files that are served."""

import io
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from app import uploads
from app.extensions import db
from app.models import SecurityEvent, User
from tests.support.api_client import ApiClient
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url, record_statements
from tests.support.exports import download
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.pictures import RED, is_near, opened, picture
from tests.support.rows import user_column

FORM = "/edit-profile/avatar"
IMAGE = re.compile(r'<img class="avatar avatar-(\w+)" src="(/uploads/[0-9a-f]{32}\.webp)"')


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def browser(app: Flask, ann: UserData) -> SiteClient:
    """Ann's browser."""
    return SiteClient(app).log_in(ann)


def upload(browser: SiteClient, content: bytes | None = None, name: str = "me.jpg") -> Page:
    file = FileStorage(io.BytesIO(picture() if content is None else content), name)
    return browser.submit("/edit-profile", {"picture": file}, FORM)


def key_of(app: Flask, user: UserData) -> Any:
    return user_column(app, user, "avatar_key")


def stored(app: Flask, key: str) -> bytes | None:
    with app.app_context():
        return uploads.read(key)


def test_avatar_is_shown_wherever_the_user_is(
    app: Flask, make: Factory, ann: UserData, browser: SiteClient
) -> None:
    post = make.post(ann)
    make.comment(ann, post)

    page = upload(browser)

    assert page.path == "/edit-profile"
    assert "Your avatar has been changed." in page.text
    assert dict(IMAGE.findall(page.html)).keys() == {"sm", "lg"}  # the menu and the form
    url = f"/uploads/{key_of(app, ann)}"
    for path, size in (("/", "md"), ("/user/ann", "lg"), (f"/post/{post}", "md")):
        assert (size, url) in IMAGE.findall(SiteClient(app).open(path).html), path
    avatar = opened(browser.client.get(url).data)
    assert is_near(avatar.getpixel((128, 20)), RED)


def test_file_is_served_with_safe_headers_and_without_a_session(
    app: Flask, ann: UserData, browser: SiteClient
) -> None:
    upload(browser)
    path = f"/uploads/{key_of(app, ann)}"

    with record_statements(app) as statements:
        response = browser.client.get(path)

    assert statements == []
    headers = response.headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["Content-Disposition"] == "inline"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert set(headers["Cache-Control"].split(", ")) == {"public", "max-age=31536000", "immutable"}
    assert "Set-Cookie" not in headers
    assert "Vary" not in headers
    again = browser.client.get(path, headers={"If-None-Match": headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/",
        f"/uploads/{'0' * 32}.webp",
        f"/uploads/{'0' * 32}",
        f"/uploads/{'0' * 32}.html",
        "/uploads/../../config.py",
        "/uploads/..%2f..%2fconfig.py",
        "/uploads/%2e%2e/config.py",
        f"/uploads/{'0' * 32}.webp%0a",
    ],
)
def test_other_paths_are_not_found(client: SiteClient, path: str) -> None:
    assert client.client.get(path, follow_redirects=True).status_code == 404


@pytest.mark.both_databases
def test_new_avatar_replaces_the_old_file(app: Flask, ann: UserData, browser: SiteClient) -> None:
    upload(browser)
    old = key_of(app, ann)

    upload(browser, picture("PNG"))

    new = key_of(app, ann)
    assert new != old
    assert stored(app, old) is None
    assert stored(app, new)


def test_owner_removes_the_avatar(app: Flask, ann: UserData, browser: SiteClient) -> None:
    upload(browser)
    key = key_of(app, ann)

    page = browser.submit("/edit-profile", {}, "/user/ann/avatar/removal")

    assert page.path == "/edit-profile"
    assert "The avatar has been removed." in page.text
    assert not IMAGE.search(page.html)
    assert key_of(app, ann) is None
    assert stored(app, key) is None


def test_moderator_removes_an_avatar_which_is_recorded(
    app: Flask, make: Factory, ann: UserData, browser: SiteClient
) -> None:
    upload(browser)
    moderator = SiteClient(app).log_in(make.user("mod", role="Moderator"))

    page = moderator.submit("/user/ann", {}, "/user/ann/avatar/removal")

    assert page.path == "/user/ann"
    assert key_of(app, ann) is None
    with app.app_context():
        event = db.session.scalars(db.select(SecurityEvent).filter_by(name="avatar_removed")).one()
        assert (event.username, event.actor_name) == ("ann", "mod")


def test_others_cannot_remove_an_avatar(
    app: Flask, make: Factory, ann: UserData, browser: SiteClient
) -> None:
    upload(browser)
    other = SiteClient(app).log_in(make.user("bob"))

    assert "avatar/removal" not in other.open("/user/ann").html
    assert other.post("/user/ann/avatar/removal").status == 403
    assert key_of(app, ann)


@pytest.mark.both_databases
def test_deleted_account_leaves_no_file(app: Flask, ann: UserData, browser: SiteClient) -> None:
    upload(browser)
    key = key_of(app, ann)

    browser.submit("/auth/delete-account", {"password": ann.password})

    assert SiteClient(app).open("/user/ann").status == 404
    assert stored(app, key) is None


def test_export_contains_the_avatar(app: Flask, ann: UserData, browser: SiteClient) -> None:
    upload(browser)

    archive = download(browser).get_data()

    with ZipFile(io.BytesIO(archive)) as files:
        assert files.read("avatar.webp") == stored(app, key_of(app, ann))


def test_api_has_the_url(app: Flask, ann: UserData, browser: SiteClient) -> None:
    api = ApiClient(app, ann)
    assert api.get("/me").get_json()["avatar_url"] is None

    upload(browser)

    url = api.get(f"/users/{ann.id}").get_json()["avatar_url"]
    assert url == f"http://localhost/uploads/{key_of(app, ann)}"


NO_PICTURE = "This file cannot be read as a picture. Use a JPEG, PNG, WebP or GIF file."
TOO_LARGE = "This file is too large. Use one of at most 5 MB."


@pytest.mark.parametrize(
    ("content", "error"),
    {
        "text": (b"<script>alert(1)</script>", NO_PICTURE),
        "truncated": (picture()[:700], NO_PICTURE),
        "empty": (b"", NO_PICTURE),
        "too large": (picture() + bytes(5 * 2**20), TOO_LARGE),
        "larger than the request may be": (picture() + bytes(7 * 2**20), TOO_LARGE),
    }.values(),
    ids=["text", "truncated", "empty", "too large", "larger"],
)
def test_invalid_file_is_an_error_at_the_field(
    app: Flask, ann: UserData, browser: SiteClient, content: bytes, error: str
) -> None:
    upload(browser)
    before = key_of(app, ann)

    page = upload(browser, content)

    assert page.status == 200
    assert page.text.count(error) == 2  # the summary and the field
    assert "Error: Edit profile" in page.html
    assert key_of(app, ann) == before
    assert stored(app, before)


def test_form_without_a_file_is_an_error(browser: SiteClient) -> None:
    page = browser.submit("/edit-profile", {"picture": FileStorage(io.BytesIO(), "")}, FORM)

    assert "Choose a picture." in page.text


def test_other_forms_are_not_allowed_to_be_larger(browser: SiteClient) -> None:
    file = FileStorage(io.BytesIO(bytes(2 * 2**20)), "me.jpg")

    assert browser.post("/edit-profile", picture=file).status == 413


def test_upload_without_csrf_token_is_rejected(
    app: Flask, ann: UserData, browser: SiteClient
) -> None:
    response = browser.client.post(FORM, data={"picture": (io.BytesIO(picture()), "me.jpg")})

    assert response.status_code == 400
    assert key_of(app, ann) is None


def test_storage_that_fails_is_an_error_and_changes_nothing(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), UPLOAD_STORAGE=str(tmp_path / "files")
    )
    with migrated(app):
        ann = Factory(app).user("ann")
        browser = SiteClient(app).log_in(ann)
        upload(browser)
        before = key_of(app, ann)
        (tmp_path / "files").rename(tmp_path / "moved")
        (tmp_path / "files").touch()  # no longer a folder

        page = upload(browser)

        assert "The picture could not be stored. Try again later." in page.text
        assert key_of(app, ann) == before
        assert browser.client.get(f"/uploads/{before}").status_code == 503
        removal = browser.submit("/edit-profile", {}, "/user/ann/avatar/removal")
        assert "The avatar has been removed." in removal.text  # the file is deleted later


def test_file_is_deleted_if_the_user_cannot_be_updated(tmp_path: Path) -> None:
    app = make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), UPLOAD_STORAGE=str(tmp_path / "files")
    )
    with migrated(app):
        browser = SiteClient(app).log_in(Factory(app).user("ann"))
        with app.app_context():
            trigger = "CREATE TRIGGER full BEFORE UPDATE OF avatar_key ON users"
            db.session.execute(db.text(f"{trigger} BEGIN SELECT RAISE(ABORT, 'full'); END"))
            db.session.commit()

        with pytest.raises(IntegrityError, match="full"):
            upload(browser)

        assert list((tmp_path / "files").iterdir()) == []


def test_without_storage_there_are_no_uploads(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), UPLOAD_STORAGE=None)
    with migrated(app):
        ann, key = Factory(app).user("ann"), f"{'0' * 32}.webp"
        with app.app_context():
            db.session.execute(db.update(User).values(avatar_key=key))
            db.session.commit()
        browser = SiteClient(app).log_in(ann)

        page = browser.open("/edit-profile")

        assert FORM not in page.html
        assert "/uploads/" not in page.html  # generated
        assert browser.post(FORM).status == 404
        assert browser.client.get(f"/uploads/{key}").status_code == 404
