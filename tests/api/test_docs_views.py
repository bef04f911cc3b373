"""The OpenAPI document and the documentation page as they are served."""

from html import unescape

from flask import Flask

from tests.support.api_client import PREFIX, Contract
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


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


def test_page_shows_fields_examples_and_responses(app: Flask) -> None:
    page = SiteClient(app).open("/api/docs")

    assert "days integer or null: Days until the token expires." in page.text
    assert "name string, at most 64 characters, required: Name of the token." in page.text
    example = '{\n  "name": "Some name",\n  "read_only": false,\n  "days": 30\n}'
    assert example in unescape(page.html)
    assert "204 Success, without content." in page.text
    assert "401 Token is missing or invalid." in page.text
    for text in ("optional token.", "email and password.", "Authentication: token."):
        assert text in page.text
