"""The OpenAPI document and the documentation page as they are served."""

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask

from tests.support.api_client import PREFIX, Contract, issue_token
from tests.support.databases import migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox


def test_unchanged_document_is_304(app: Flask) -> None:
    client = app.test_client()
    etag = client.get(f"{PREFIX}/openapi.json").headers["ETag"]

    response = client.get(f"{PREFIX}/openapi.json", headers={"If-None-Match": etag})

    assert response.status_code == 304


def test_page_shows_every_operation(app: Flask, make: Factory) -> None:
    page = SiteClient(app).open("/api/docs")

    for path, methods in Contract.of(app).document["paths"].items():
        for method, spec in methods.items():
            assert f'id="{spec["operationId"]}"' in page.html
            assert f'data-method="{method.upper()}" data-path="{PREFIX}{path}"' in page.html
            assert spec["summary"] in page.text
    assert "/auth/tokens" not in page.links
    assert "/auth/tokens" in SiteClient(app).log_in(make.user()).open("/api/docs").links


def test_page_links_to_its_sections_and_operations(app: Flask) -> None:
    page = SiteClient(app).open("/api/docs")

    targets = [link[1:] for link in page.links if link.startswith("#") and link != "#main"]
    operations = [
        spec["operationId"]
        for methods in Contract.of(app).document["paths"].values()
        for spec in methods.values()
    ]
    assert {"authentication", "pagination", "errors", "tag-users", *operations} <= set(targets)
    assert [target for target in targets if f'id="{target}"' not in page.html] == []


def test_page_shows_fields_examples_and_responses(app: Flask) -> None:
    page = SiteClient(app).open("/api/docs")

    assert "days integer or null: Days until the token expires." in page.text
    assert "name string, at most 64 characters, required: Name of the token." in page.text
    example = (
        '{\n  "name": "Some name",\n  "read_only": false,\n  "days": 30,\n  "code": "Some code"\n}'
    )
    assert example in unescape(page.html)
    assert "204 Success, without content." in page.text
    assert "401 Token is missing or invalid." in page.text
    for text in ("optional token.", "email and password.", "Authentication: token."):
        assert text in page.text


EXAMPLE = re.compile(r'data-language="(\w+)"><code>(.*?)</code>', re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["shell", "python"])
def test_examples_on_the_page_work(language: str, tmp_path: Path, mail_server: Mailbox) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: sudo apt install curl")
    app = make_live_app(new_sqlite_url(tmp_path), mail_server)
    with migrated(app), LiveSite(app) as site:
        ann = site.make.user("ann")
        site.make.post(ann, "An older post")
        html = urlopen(f"{site.url}/api/docs").read().decode()
        examples = [unescape(code) for name, code in EXAMPLE.findall(html) if name == language]
        token = issue_token(app, ann)
        code = "\n".join(examples).replace("TOKEN", token).replace("PASSWORD", ann.password)
        command = ["bash", "-euc"] if language == "shell" else [sys.executable, "-c"]
        result = subprocess.run([*command, code], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert len(examples) >= 4
    for expected in ("ann", "An older post", "body", "Field required"):
        assert expected in result.stdout
    assert ("Hello from curl." if language == "shell" else "201 http") in result.stdout
