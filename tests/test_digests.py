"""Names of static files hold a digest of all that the file leads to."""

import os
from pathlib import Path

import pytest

from app import digests
from app.digests import Asset, CircularReference, Folder

STATIC = Path(digests.__file__).parent / "static"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name in ("css", "img", "js"):
        (tmp_path / name).mkdir()
    return Folder(tmp_path)


def write(folder: Folder, name: str, text: str) -> None:
    path = folder.path / name
    changed = path.stat().st_mtime_ns + 10**9 if path.exists() else None
    path.write_text(text)
    if changed is not None:  # a clock that is too coarse to tell must not decide a test
        os.utime(path, ns=(changed, changed))


def find(folder: Folder, name: str) -> Asset:
    asset = folder.find(name)
    assert asset is not None
    return asset


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("css/base.css", "css/base.", ".css"),
        ("css/bootstrap.min.css", "css/bootstrap.min.", ".css"),
        ("css/LICENSE", "css/LICENSE.", ""),
    ],
)
def test_digest_stands_before_the_last_suffix_and_can_be_taken_out(
    folder: Folder, name: str, before: str, after: str
) -> None:
    write(folder, name, "words")
    asset = find(folder, name)

    assert asset.hashed_name == f"{before}{asset.digest}{after}"
    assert digests.split(asset.hashed_name) == (name, asset.digest)


@pytest.mark.parametrize(
    "name", ["css/base.css", "css/base.3f2a9c12ab3.css", "css/base.3F2A9C12AB34.css", ""]
)
def test_name_without_a_digest_is_told_from_one_with(name: str) -> None:
    assert digests.split(name) is None


def test_changed_file_has_another_name(folder: Folder) -> None:
    write(folder, "css/base.css", "one")
    before = find(folder, "css/base.css")
    write(folder, "css/base.css", "two")

    assert find(folder, "css/base.css").hashed_name != before.hashed_name


STYLE = {
    "double quotes": ('url("../img/dot.svg")', 'url("../img/{dot}")'),
    "single quotes": ("url('../img/dot.svg')", "url('../img/{dot}')"),
    "no quotes": ("url(../img/dot.svg)", "url(../img/{dot})"),
    "spaces": ('URL( "../img/dot.svg" )', 'URL( "../img/{dot}" )'),
    "query and fragment": ("url(../img/dot.svg?dot.svg#x)", "url(../img/{dot}?dot.svg#x)"),
    "import": ('@import "other.css";', '@import "{other}";'),
    "import without space": ("@import'./other.css';", "@import'./{other}';"),
    "import by url": ('@import url("other.css") print;', '@import url("{other}") print;'),
    "two in a line": ("url(other.css), url(other.css)", "url({other}), url({other})"),
}
UNTOUCHED = {
    "data": "url(\"data:image/svg+xml,%3csvg xmlns='http://www.w3.org/2000/svg'/%3e\")",
    "other site": 'url("https://example.com/img/dot.svg")',
    "other site, same scheme": 'url("//example.com/img/dot.svg")',
    "absolute": 'url("/static/img/dot.svg")',
    "fragment": 'url("#dot")',
    "no such file": 'url("../img/none.svg")',
    "outside": 'url("../../css/other.css")',
    "not a reference": '"../img/dot.svg"',
    "bytes that are no text": "\udcff url()",
}


@pytest.mark.parametrize(
    ("text", "led"), [*STYLE.values(), *((text, text) for text in UNTOUCHED.values())],
    ids=[*STYLE, *UNTOUCHED],
)  # fmt: skip
def test_references_in_style_sheets_lead_to_hashed_names(
    folder: Folder, text: str, led: str
) -> None:
    write(folder, "img/dot.svg", "<svg/>")
    write(folder, "css/other.css", "p {}")
    (folder.path / "css/page.css").write_bytes(text.encode("utf-8", "surrogateescape"))

    dot = find(folder, "img/dot.svg").hashed_name.removeprefix("img/")
    other = find(folder, "css/other.css").hashed_name.removeprefix("css/")
    expected = led.replace("{dot}", dot).replace("{other}", other)
    content = find(folder, "css/page.css").content
    assert content == expected.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("kind", ["data", "other site", "absolute", "fragment"])
def test_what_leads_elsewhere_is_not_looked_for(kind: str) -> None:
    assert digests.references("css/page.css", UNTOUCHED[kind].encode()) == {}


@pytest.mark.parametrize(
    ("text", "led"),
    [
        ('import { a } from "./lib.js";', 'import { a } from "./{lib}";'),
        ("export * from '../js/lib.js';", "export * from '../js/{lib}';"),
        ('import "./lib.js";', 'import "./{lib}";'),
        ('await import("./lib.js");', 'await import("./{lib}");'),
        ('import{a}from"./lib.js"', 'import{a}from"./{lib}"'),
        ('import x from "lib.js";', 'import x from "lib.js";'),
        ('fetch("./lib.js");', 'fetch("./lib.js");'),
    ],
)
def test_imports_of_modules_lead_to_hashed_names(folder: Folder, text: str, led: str) -> None:
    write(folder, "js/lib.js", "export const a = 1;")
    write(folder, "js/page.js", text)

    lib = find(folder, "js/lib.js").hashed_name.removeprefix("js/")
    assert find(folder, "js/page.js").content.decode() == led.replace("{lib}", lib)


def test_changed_picture_changes_the_name_of_whatever_leads_to_it(folder: Folder) -> None:
    write(folder, "css/page.css", '@import "other.css";')
    write(folder, "css/other.css", "p { background: url(../img/dot.svg) }")
    write(folder, "img/dot.svg", "one")
    before = find(folder, "css/page.css")

    write(folder, "img/dot.svg", "two")

    after = find(folder, "css/page.css")
    assert after.hashed_name != before.hashed_name
    assert after.changed > before.changed


def test_file_that_appears_is_led_to(folder: Folder) -> None:
    write(folder, "css/page.css", "p { background: url(../img/dot.svg) }")
    before = find(folder, "css/page.css")

    write(folder, "img/dot.svg", "one")

    assert find(folder, "css/page.css").hashed_name != before.hashed_name


def test_circle_of_references_is_named(folder: Folder) -> None:
    write(folder, "js/a.js", 'import "./b.js";')
    write(folder, "js/b.js", 'import "./c.js";')
    write(folder, "js/c.js", 'import "./b.js";')

    with pytest.raises(CircularReference, match=r"js/b\.js → js/c\.js → js/b\.js"):
        folder.find("js/a.js")


NO_FILES = {
    "missing": "css/none.css",
    "folder": "css",
    "folder with slash": "css/",
    "nothing": "",
    "here": ".",
    "above": "..",
    "outside": "../secret",
    "outside by a detour": "css/../../secret",
    "absolute": "/etc/passwd",
    "another way to write it": "css/../css/page.css",
    "two slashes": "css//page.css",
    "NUL": "css/page.css\0",
    "too long": "x" * 5000,
}


@pytest.mark.parametrize("name", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_of_the_folder_is_not_found(folder: Folder, name: str) -> None:
    write(folder, "css/page.css", "p {}")
    (folder.path.parent / "secret").write_text("x")

    assert folder.find(name) is None


def test_hidden_files_are_not_named(folder: Folder) -> None:
    (folder.path / ".git").mkdir()
    for name in ("css/page.css", ".git/config", "css/.page.css.swp"):
        write(folder, name, "x")

    assert list(folder.names()) == ["css/page.css"]


def test_every_reference_in_our_own_files_leads_to_a_file() -> None:
    own = Folder(STATIC)
    for name in own.names():
        written = (STATIC / name).read_bytes()
        names = digests.references(name, written).values()
        assert [target for target in names if own.find(target) is None] == [], name
