"""Small releases of the site: a few static files, and a directory for the collected ones."""

from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.app_factory import make_app

FILES = {
    "css/page.css": 'body { background: url("../img/dot.svg"); }\n' + "p { margin: 0 }\n" * 50,
    "img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "img/photo.png": "not worth compressing",
}


def make_release(
    folder: Path, files: dict[str, str] | None = None, **settings: str | int
) -> Flask:
    """Return an application whose static files are FILES, updated with `files`.

    Its STATIC_ROOT is `folder`/collected. Call it again, with other files, for the next release.
    """
    sources = folder / f"release-{len(list(folder.glob('release-*')))}"
    for name, text in {**FILES, **(files or {})}.items():
        path = sources / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (sources / "bootstrap").mkdir()
    app = make_app(STATIC_ROOT=str(folder / "collected"), **settings)
    app.static_folder = sources / "static"
    app.blueprints["bootstrap"].static_folder = sources / "bootstrap"
    return app


def static_url(app: Flask, name: str) -> str:
    """Return the URL of a static file in this release."""
    with app.test_request_context():
        return app.url_for("static", filename=name)


def fetch(app: Flask, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """Return the response, after reading its body, which closes the file."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    response = app.test_client().open(path, method=method, headers=names)
    response.get_data()
    response.close()
    return response


def collect(app: Flask, *arguments: str) -> str:
    """Run `flask static collect`; return its output."""
    result = app.test_cli_runner().invoke(args=["static", "collect", *arguments])
    assert result.exit_code == 0, result.output
    return result.output
