"""Downloads and reads exports of a user's data."""

import io
import json
from typing import Any
from zipfile import ZipFile

from werkzeug.test import TestResponse

from tests.support.http_client import SiteClient

EXPORT = "/auth/export"


def download(client: SiteClient) -> TestResponse:
    """Press the button on the page; return the whole response."""
    form = client.open(EXPORT).form_with({"csrf_token", "submit"}, EXPORT)
    response = client.client.post(EXPORT, data=form.fields, headers=client.headers)
    response.get_data()
    response.close()
    return response


def texts_of(archive: bytes) -> dict[str, str]:
    """Return the texts of the files in an archive, by their names."""
    with ZipFile(io.BytesIO(archive)) as files:
        assert files.testzip() is None
        return {name: files.read(name).decode() for name in files.namelist()}


def files_of(response: TestResponse) -> dict[str, Any]:
    """Return the contents of the files by their names; those of JSON files are parsed."""
    return {
        name: json.loads(text) if name.endswith(".json") else text
        for name, text in texts_of(response.get_data()).items()
    }


def all_texts(response: TestResponse) -> str:
    """Return the texts of all files."""
    return "\n".join(texts_of(response.get_data()).values())
