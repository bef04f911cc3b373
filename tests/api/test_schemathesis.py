"""Schemathesis: requests generated from the OpenAPI document, as different users."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.extensions import db
from app.models import AccessToken
from tests.support.api_client import issue_token
from tests.support.databases import EphemeralPostgres, migrated
from tests.support.factories import PASSWORD, UserData
from tests.support.live_site import UNLIMITED, LiveSite, make_live_app
from tests.support.mailbox import Mailbox

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.xdist_group("schemathesis")]

EXAMPLES = 5  # for each operation and phase
SETTINGS = """
# A request that is valid by its schema can still fail for one of these reasons.
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
# It would revoke the token of the run.
EXCLUDED = ("--exclude-operation-id", "revoke_tokens")
UNUSED_ID = 2_000_000_000  # not in any generated request
ROLES = {"anonymous": None, "user": None, "moderator": "Moderator"}
# The coverage phase takes most of the time. Its requests depend on the document, not on the role.
PHASES = {"anonymous": "fuzzing", "user": "coverage,fuzzing,stateful", "moderator": "fuzzing"}
MIN_CASES = {"anonymous": 100, "user": 500, "moderator": 100}


@pytest.fixture
def site(postgres: EphemeralPostgres, mail_server: Mailbox) -> Iterator[LiveSite]:
    app = make_live_app(postgres.new_database(), mail_server, RATELIMIT_API=UNLIMITED)
    with migrated(app), LiveSite(app) as site:
        bob = site.make.user("bob")
        for _ in range(3):
            site.make.comment(bob, site.make.post(bob))
        yield site


@pytest.mark.parametrize("role", ROLES)
def test_responses_conform_to_the_document(site: LiveSite, tmp_path: Path, role: str) -> None:
    ann = site.make.user("ann", role=ROLES[role])
    settings = SETTINGS.format(password=PASSWORD)
    excluded: tuple[str, ...] = ()
    if role != "anonymous":
        settings, excluded = settings + TOKEN.format(token=issue(site, ann)), EXCLUDED
    (tmp_path / "schemathesis.toml").write_text(settings)

    result = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
            *("--config-file", str(tmp_path / "schemathesis.toml"), "run"),
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic"),
            *("--phases", PHASES[role], "--continue-on-failure", "--suppress-health-check", "all"),
            *excluded,
            f"{site.url}/api/v1/openapi.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    generated = re.search(r"([0-9,]+) generated", result.stdout)
    assert generated is not None, result.stdout
    assert int(generated[1].replace(",", "")) > MIN_CASES[role]
    print(result.stdout)


def issue(site: LiveSite, user: UserData) -> str:
    """Return a token that no generated request revokes."""
    secret = issue_token(site.app, user)
    with site.app.app_context():
        db.session.execute(db.update(AccessToken).values(id=UNUSED_ID))
        db.session.commit()
    return secret
