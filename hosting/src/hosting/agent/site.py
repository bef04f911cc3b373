"""The settings of a release that nginx needs: upload size, timeout, static folders.

Only root may change nginx's configuration. The app's user writes a request; a systemd unit of root
(hosting-nginx@APP.path) starts `apply`, which validates it, because the app may have written it.
"""

import json
import os
import shutil
import stat
import time
from pathlib import Path
from typing import Any

from . import manifest
from .manifest import Manifest
from .paths import App, CommandError, call, write
from .releases import Release

FOLDER = Path("/etc/nginx/hosting")
KEYS = ("upload_size", "timeout", "buffering", "static")
MAX_SIZE = 100_000  # bytes of a request
TIMEOUT = 60.0  # seconds for root's unit; the machine may be busy
CONFIGURATION = """client_max_body_size {upload_size}m;
proxy_read_timeout {timeout}s;
proxy_send_timeout {timeout}s;
proxy_buffering {buffering};
"""
LOCATION = """location ^~ {url} {{
    include {app}/static.conf;
}}
"""


def render(name: str, app: Manifest) -> str:
    """Return the configuration that an app's server includes."""
    locations = [LOCATION.format(url=url, app=name) for url in sorted(app.static)]
    text = CONFIGURATION.format(
        upload_size=app.upload_size,
        timeout=app.timeout,
        buffering="on" if app.buffering else "off",
    )
    return "".join([text, *locations])


def request(release: Release) -> str:
    """Ask root for a release's configuration, unless it is loaded; return it."""
    app, settings = release.app, manifest.read(release.src)
    text = render(app.name, settings)
    wanted = json.dumps({key: getattr(settings, key) for key in KEYS})
    # An earlier request may not have been applied yet.
    if loaded(app) != text or manifest.text(app.nginx_request) not in ("", wanted):
        write(app.nginx_request, wanted)
    return text


def configure(release: Release) -> None:
    """Let nginx use a release's settings; raise CommandError if it does not."""
    app = release.app
    deadline = time.monotonic() + TIMEOUT
    while loaded(app) != request(release):  # again: systemd may not see a change while it runs
        if time.monotonic() > deadline:
            raise CommandError(
                "nginx does not use the new settings. On the server, see: "
                f"journalctl --unit hosting-nginx@{app.name}"
            )
        time.sleep(1)


def loaded(app: App) -> str:
    """Return the configuration that nginx has loaded."""
    return manifest.text(FOLDER / f"{app.name}.loaded")


def apply(app: App) -> None:
    """Write and load the requested configuration; runs as root."""
    file, marker = FOLDER / f"{app.name}.conf", FOLDER / f"{app.name}.loaded"
    while (text := render(app.name, read_request(app.nginx_request))) != loaded(app):
        before = file.read_text()
        write(file, text, 0o644)
        try:
            call(["nginx", "-t"])
        except CommandError:
            write(file, before, 0o644)
            raise
        call(["systemctl", "reload", "nginx"])
        write(marker, text, 0o644)


def read_request(path: Path) -> Manifest:
    """Return a request; raise CommandError if it is not valid, or not a regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a file descriptor, not a path
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_SIZE:
            raise CommandError("The request is not a small file.")
        try:
            table: dict[str, Any] = dict(json.loads(file.read(MAX_SIZE)))
        except (ValueError, TypeError):
            raise CommandError("The request is not a JSON object.") from None
    return manifest.checked("The request", {key: table[key] for key in KEYS if key in table})


def publish(release: Release) -> None:
    """Copy a release's static folders to where nginx serves them from.

    Files of earlier releases stay, because pages that clients have loaded refer to them.
    """
    for url, folder in manifest.read(release.src).static.items():
        source = release.src / folder
        if not source.is_dir():
            raise CommandError(f"The static folder {folder} does not exist after the build.")
        for file in (file for file in sorted(source.rglob("*")) if file.is_file()):
            target = release.app.static / url.strip("/") / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_name(f".{target.name}.new")
            shutil.copyfile(file, new)
            new.chmod(0o640)
            new.replace(target)
