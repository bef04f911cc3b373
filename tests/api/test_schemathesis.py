"""Requests that nobody has thought of, made from the document, by each kind of caller."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.extensions import db
from app.models import AccessToken
from tests.api.program import token_of
from tests.browser.live_site import NO_HURRY, LiveSite, make_live_app
from tests.databases import EphemeralPostgres, migrated
from tests.factories import PASSWORD, Person
from tests.mailbox import Mailbox

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.xdist_group("schemathesis")]

EXAMPLES = 5  # for each operation and phase
SETTINGS = """
# What was valid by the schema may still be out of date, contradict itself, or be there already.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422"]

[checks.missing_required_header]
expected-statuses = ["400", "401"]

[auth.openapi."password"]
username = "ann@example.com"
password = "{password}"
"""
TOKEN = """
[auth.openapi."token"]
bearer = "{token}"
"""
# It would end the token that the run lives by, whoever is let in; test_tokens.py tries it.
SUICIDAL = ("--exclude-operation-id", "revoke_tokens")
OUT_OF_REACH = 2_000_000_000  # an id that none of the requests names
CALLERS = {"anonymous": None, "user": None, "moderator": "Moderator"}


@pytest.fixture
def crowded_site(postgres: EphemeralPostgres, mail_server: Mailbox) -> Iterator[LiveSite]:
    app = make_live_app(postgres.new_database(), mail_server, RATELIMIT_API=NO_HURRY)
    with migrated(app), LiveSite(app) as site:
        bob = site.make.user("bob")
        for _ in range(3):
            site.make.comment(bob, site.make.post(bob))
        yield site


@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_that_the_document_allows_or_forbids_goes_wrong(
    crowded_site: LiveSite, tmp_path: Path, caller: str
) -> None:
    ann = crowded_site.make.user("ann", role=CALLERS[caller])
    settings = SETTINGS.format(password=PASSWORD)
    left_out: tuple[str, ...] = ()
    if caller != "anonymous":
        settings, left_out = settings + TOKEN.format(token=token_for(crowded_site, ann)), SUICIDAL
    (tmp_path / "schemathesis.toml").write_text(settings)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
            *("--config-file", str(tmp_path / "schemathesis.toml"), "run"),
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic"),
            *("--continue-on-failure", "--suppress-health-check", "all", *left_out),
            f"{crowded_site.address}/api/v1/openapi.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.search(r"([0-9,]+) generated", done.stdout)
    assert tried is not None, done.stdout
    assert int(tried[1].replace(",", "")) > 500
    print(done.stdout)


def token_for(site: LiveSite, person: Person) -> str:
    """Return a token that the run will not end by chance."""
    secret = token_of(site.app, person)
    with site.app.app_context():
        db.session.execute(db.update(AccessToken).values(id=OUT_OF_REACH))
        db.session.commit()
    return secret
