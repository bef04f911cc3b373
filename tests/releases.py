"""Small releases of the site: a few static files, collected in a folder of the test's own."""

from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from .settings import make_app

FILES = {
    "css/page.css": 'body { background: url("../img/dot.svg"); }\n' + "p { margin: 0 }\n" * 50,
    "img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "img/photo.png": "not worth compressing",
}


def release(folder: Path, files: dict[str, str] | None = None, **settings: str | bool) -> Flask:
    """Return the site with FILES, and `files` in their place; copies go to folder/collected.

    Call it again, with other files, for the next release: it serves and collects to the same
    folder.
    """
    sources = folder / f"release-{len(list(folder.glob('release-*')))}"
    for name, text in {**FILES, **(files or {})}.items():
        path = sources / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (sources / "bootstrap").mkdir()
    app = make_app(STATIC_COLLECTED=str(folder / "collected"), **settings)
    app.static_folder = sources / "static"
    app.blueprints["bootstrap"].static_folder = sources / "bootstrap"
    return app


def address(app: Flask, name: str) -> str:
    """Return where pages of this release say that the file is."""
    with app.test_request_context():
        return app.url_for("static", filename=name)


def fetch(app: Flask, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """Return the answer, read to its end: a file that is sent stays open until then."""
    written = {name.replace("_", "-"): value for name, value in headers.items()}
    response = app.test_client().open(path, method=method, headers=written)
    response.get_data()
    response.close()
    return response


def collect(app: Flask, *arguments: str) -> str:
    """Run `flask static collect`; return what it says."""
    result = app.test_cli_runner().invoke(args=["static", "collect", *arguments])
    assert result.exit_code == 0, result.output
    return result.output
