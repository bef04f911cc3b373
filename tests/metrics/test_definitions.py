"""Metrics that the application increments, and where they are stored."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.metrics import Scrape, increase
from tests.support.repository import ROOT


def test_sent_and_failed_emails_are_counted(
    app: Flask, make: Factory, mailbox: Mailbox, client: SiteClient
) -> None:
    ann = make.user("ann")
    before = Scrape(app)

    client.submit("/auth/reset", {"email": ann.email})
    mailbox.refusal = "550 no"
    client.submit("/auth/reset", {"email": ann.email})

    assert increase(app, before, "flasky_emails_total", result="sent") == 1
    assert increase(app, before, "flasky_emails_total", result="failed") == 1


def test_failed_logins_are_counted(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    before = Scrape(app)

    for email in (ann.email, "unknown@example.com"):
        client.submit("/auth/login", {"email": email, "password": "not the right one"})
    client.log_in(ann)

    assert increase(app, before, "flasky_failed_logins_total") == 2


def count_an_email(cwd: Path, folder: str) -> None:
    """Count an email in a process that runs in the directory `cwd`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PROMETHEUS_MULTIPROC_DIR": folder,
    }
    program = "import app; app.metrics.definitions.EMAILS.labels('sent').inc()"
    subprocess.run([sys.executable, "-c", program], cwd=cwd, env=environment, check=True)


@pytest.mark.slow
def test_missing_directory_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "metrics"

    count_an_email(tmp_path, str(folder))

    assert list(folder.glob("counter_*.db"))


@pytest.mark.slow
def test_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    count_an_email(tmp_path, "")

    assert list(tmp_path.iterdir()) == []
