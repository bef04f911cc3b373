"""What is wrong with an app, found by asking every part of it; and messages about it.

A timer runs `notify` every five minutes and after each deploy.
"""

import json
import os
import shutil
import smtplib
import time
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import Request, urlopen

from . import backups, cron, drill, probes, processes, queries, releases, settings
from .paths import App, CommandError, UsageError, now, write

MIN_DAYS = 14  # validity of the certificate
MAX_DISK = 85  # percent
MAX_BACKUP_AGE = 2 * 86_400  # seconds; one is created every day
MAX_RESTARTS = 3  # of a process between two checks
REMIND = 86_400  # seconds after which a problem is reported again
TIMEOUT = 20.0  # seconds
Problems = dict[str, str]  # the text of each problem, by a name that stays the same meanwhile


def command(app: App, arguments: list[str]) -> int:
    """`check`: print all problems; `check --test`: send a message to ALERT_URL."""
    if arguments == ["--test"]:
        if not destinations(app):
            raise UsageError("Set ALERT_URL first: hosting config set ALERT_URL")
        send(app, ["This is a test."])
        print("Sent a message to ALERT_URL.")
        return 0
    problems = find(app, read_state(app))
    print("\n".join(problems.values()) if problems else f"{app.name}: no problems.")
    return 1 if problems else 0


def notify(app: App) -> int:
    """Send new problems, those that are a day old, and what has been solved, to ALERT_URL."""
    try:
        with app.lock(timeout=0.5):  # during a deploy, processes are replaced
            state = read_state(app)
            problems = find(app, state)
            restarts = dict(restart_counts(app))
    except CommandError as error:
        print(error)
        return 0
    reported: dict[str, int] = state["reported"]
    due = [name for name in problems if now() - reported.get(name, 0) >= REMIND]
    solved = [name for name in reported if name not in problems]
    texts = [*(problems[name] for name in due), *(f"Solved: {name}." for name in solved)]
    print("\n".join(texts) or "Nothing new.")
    if texts:
        send(app, texts)
    kept = {name: at for name, at in reported.items() if name in problems}
    reported = kept | dict.fromkeys(due, now())
    write(state_file(app), json.dumps({"reported": reported, "restarts": restarts}))
    return 0


def find(app: App, state: dict[str, Any]) -> Problems:
    """Return all problems of an app."""
    release = releases.live(app)
    found: Problems = {}
    if release and (health := probes.through_nginx(release)) != probes.READY:
        found["the site does not respond"] = f"The site does not respond: {health}"
    for unit in processes.expected(app, release):
        if (shown := queries.process(unit)["state"]) != "active":
            found[f"{unit} does not run"] = f"{unit} does not run: it is {shown}."
    for unit, count in restart_counts(app):
        if (new := count - int(state["restarts"].get(unit, 0))) >= MAX_RESTARTS:
            found[f"{unit} restarts"] = f"{unit} was restarted {new} times since the last check."
    for run in cron.runs(release) if release else []:
        if run["failed"]:
            found[f"cron {run['name']} failed"] = f"The cron entry {run['name']} {run['result']}."
    return found | dict(of_data(app)) | dict(of_last_release(app))


def of_data(app: App) -> Iterator[tuple[str, str]]:
    """Yield problems of the disk, the certificate and the backups."""
    disk = shutil.disk_usage(app.root)
    percent = round(100 * disk.used / disk.total)
    if percent > MAX_DISK:
        yield "the disk is nearly full", f"The disk is nearly full: {percent} % are used."
    days = queries.certificate_days(app)
    if days is None:
        yield "no certificate", "nginx does not respond with a certificate."
    elif days < MIN_DAYS:
        yield "the certificate expires", f"The certificate expires in {days} days."
    if (drilled := drill.last(app))["failed"]:
        yield "the restore drill failed", f"The restore drill {drilled['result']}."
    files = {"copy of the backups": [*app.kept_backups.glob(".copied")]}  # if it is used
    with suppress(CommandError):
        backups.database(app)
        files["daily backup"] = [*app.kept_backups.glob("[!.]*.dump"), app.root / "site.json"]
    for name, made in files.items():
        last = max((file.stat().st_mtime for file in made), default=time.time())
        if time.time() - last > MAX_BACKUP_AGE:
            hours = round((time.time() - last) / 3600)
            yield f"the {name} is missing", f"There has been no {name} for {hours} hours."


def of_last_release(app: App) -> Iterator[tuple[str, str]]:
    """Yield the failure of the last deploy."""
    last = [one.record for one in releases.all_releases(app)[-1:]]
    for record in last:
        if record.get("result") == "failed":
            name = f"release {record['number']} failed"
            yield name, f"Release {record['number']} failed: {record.get('reason', '')}"


def restart_counts(app: App) -> list[tuple[str, int]]:
    """Return how often systemd has restarted each unit."""
    units = [*processes.running(), *processes.expected(app, None)]
    return [(unit, queries.process(unit)["restarts"]) for unit in units]


def state_file(app: App) -> Path:
    """Return the file with the restarts and the messages sent at the last check."""
    return app.root / "state/check.json"


def read_state(app: App) -> dict[str, Any]:
    """Return the state after the last check."""
    try:
        state: dict[str, Any] = json.loads(state_file(app).read_text())
    except (FileNotFoundError, ValueError):
        state = {}
    return {"reported": {}, "restarts": {}} | state


def destinations(app: App) -> list[SplitResult]:
    """Return the URLs in ALERT_URL, separated by spaces."""
    urls = settings.values(settings.read(app.settings)).get("ALERT_URL", "")
    return [urlsplit(url) for url in urls.split()]


def send(app: App, texts: list[str]) -> None:
    """Send a message to each destination; raise CommandError if one cannot be reached."""
    text = "\n".join([f"{app.name} at {os.uname().nodename}:", *texts])
    for url in destinations(app):
        try:
            if url.scheme in ("http", "https"):
                post(url, text)
            elif url.scheme in ("smtp", "smtps"):
                mail(url, text)
            else:
                raise CommandError("ALERT_URL must start with https:, http:, smtps: or smtp:.")
        except (URLError, OSError, ValueError, smtplib.SMTPException) as error:
            # The URL is a secret.
            raise CommandError(f"ALERT_URL at {url.hostname} failed: {error}") from None


def post(url: SplitResult, text: str) -> None:
    """Send JSON as Slack, Mattermost (`text`) and Discord (`content`) accept it."""
    body = json.dumps({"text": text, "content": text}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "hosting"}
    with urlopen(Request(url.geturl(), body, headers), timeout=TIMEOUT):  # noqa: S310 - http(s)
        pass


def mail(url: SplitResult, text: str) -> None:
    """Send an email; the URL is smtps://USER:PASSWORD@HOST:PORT/RECIPIENT."""
    message = EmailMessage()
    message["To"] = unquote(url.path.strip("/"))
    user = unquote(url.username or "")
    message["From"] = user if "@" in user else message["To"]
    message["Subject"] = " ".join(text.split("\n")[:2])[:200]
    message.set_content(text)
    is_tls = url.scheme == "smtps"
    server = smtplib.SMTP_SSL if is_tls else smtplib.SMTP
    with server(url.hostname or "", url.port or 0, timeout=TIMEOUT) as connection:
        connection.ehlo()
        if not is_tls and (user or connection.has_extn("starttls")):
            connection.starttls()
        if user:
            connection.login(user, unquote(url.password or ""))
        connection.send_message(message)
