"""Settings of a repository become nginx's configuration, through root."""

import json
import os
from pathlib import Path

import pytest

from hosting.agent import site
from hosting.agent.manifest import Manifest
from hosting.agent.paths import App, CommandError
from hosting.agent.releases import Release


def test_settings_are_rendered() -> None:
    text = site.render("blog", Manifest(upload_size=50, timeout=120, static={"/assets/": "a"}))

    assert text.splitlines() == [
        "client_max_body_size 50m;", "proxy_read_timeout 120s;", "proxy_send_timeout 120s;",
        "proxy_buffering on;", "location ^~ /assets/ {", "    include blog/static.conf;", "}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "request_",
    [
        "", "[[1]]", "7", '{"timeout": "1s; } server {"}', '{"upload_size": 1e9}',
        '{"static": {"/a { internal; }/": "x"}}', '{"static": {"/../": "x"}}', "x" * 200_000,
    ],
)  # fmt: skip
def test_forged_request_is_refused(tmp_path: Path, request_: str) -> None:
    (tmp_path / "nginx.json").write_text(request_)

    with pytest.raises(CommandError):
        site.read_request(tmp_path / "nginx.json")


def test_request_is_read_from_a_regular_file_only(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps({"timeout": 5, "build": "ignored"}))
    (tmp_path / "link.json").symlink_to(tmp_path / "own.json")
    os.mkfifo(tmp_path / "pipe.json")

    assert site.read_request(tmp_path / "own.json") == Manifest(timeout=5)
    with pytest.raises(OSError, match="symbolic links"):
        site.read_request(tmp_path / "link.json")
    with pytest.raises(CommandError):
        site.read_request(tmp_path / "pipe.json")


def test_static_folder_is_copied(tmp_path: Path) -> None:
    release = Release(App(tmp_path), 7)
    (release.src / "public/css").mkdir(parents=True)
    (release.src / "public/css/site.css").write_text("body {}")
    (release.src / "hosting.toml").write_text("static = { '/assets/' = 'public' }")
    (tmp_path / "static/assets").mkdir(parents=True)
    (tmp_path / "static/assets/old.css").touch()

    site.publish(release)

    files = [file for file in (tmp_path / "static").rglob("*") if file.is_file()]
    assert sorted(str(file.relative_to(tmp_path)) for file in files) == [
        "static/assets/css/site.css", "static/assets/old.css",
    ]  # fmt: skip
    (release.src / "public/css/site.css").unlink()
    (release.src / "public/css").rmdir()
    (release.src / "public").rmdir()
    with pytest.raises(CommandError, match="The static folder public does not exist"):
        site.publish(release)
