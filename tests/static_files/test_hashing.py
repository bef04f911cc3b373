"""Hashed names, and rewritten references."""

import os
from pathlib import Path

import pytest

from app.static_files import hashing
from app.static_files.hashing import HASH, Asset, CircularReference

STATIC = Path(hashing.__file__).parents[1] / "static"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("css", "img", "js"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    """Write a file; set its modification time, whose resolution may be too coarse for a test."""
    path = folder / name
    modified = path.stat().st_mtime_ns + 10**9 if path.exists() else None
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    if modified is not None:
        os.utime(path, ns=(modified, modified))


def find(folder: Path, name: str) -> Asset:
    asset = hashing.find(str(folder), name)
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
def test_hash_precedes_the_last_suffix(folder: Path, name: str, before: str, after: str) -> None:
    write(folder, name, "text")
    asset = find(folder, name)

    assert asset.hashed_name == f"{before}{asset.etag}{after}"
    assert HASH.sub("", asset.hashed_name) == name


def test_names_without_a_hash() -> None:
    for name in (
        "css/base.css",
        "css/base.3f2a9c12ab3.css",
        "css/base.3F2A9C12AB34.css",
        "x.3f2a9c12ab34.css.gz",
        "",
    ):
        assert HASH.search(name) is None


def test_changed_file_has_another_name(folder: Path) -> None:
    write(folder, "css/base.css", "one")
    before = find(folder, "css/base.css")
    write(folder, "css/base.css", "two")

    assert find(folder, "css/base.css").hashed_name != before.hashed_name


REWRITTEN = {
    'url("../img/dot.svg")': 'url("../img/{dot}")',
    "url('../img/dot.svg')": "url('../img/{dot}')",
    "url(../img/dot.svg)": "url(../img/{dot})",
    'URL( "../img/dot.svg" )': 'URL( "../img/{dot}" )',
    "url(../img/dot.svg?dot.svg#x)": "url(../img/{dot}?dot.svg#x)",
    '@import "other.css" print;': '@import "{other}" print;',
    "@import'./other.css';": "@import'./{other}';",
    '@import url("other.css") print;': '@import url("{other}") print;',
    "url(other.css), url(other.css)": "url({other}), url({other})",
}
UNCHANGED = [
    "url(\"data:image/svg+xml,%3csvg xmlns='http://www.w3.org/2000/svg'/%3e\")",
    'url("https://example.com/img/dot.svg")',
    'url("//example.com/img/dot.svg")',
    'url("/static/img/dot.svg")',
    'url("#dot")',
    'url("../img/none.svg")',
    'url("../../css/other.css")',
    '"../img/dot.svg"',
    "\udcff url()",  # not UTF-8
]


def test_references_in_style_sheets_are_rewritten(folder: Path) -> None:
    write(folder, "img/dot.svg", "<svg/>")
    write(folder, "css/other.css", "p {}")
    dot = find(folder, "img/dot.svg").hashed_name.removeprefix("img/")
    other = find(folder, "css/other.css").hashed_name.removeprefix("css/")

    for text, rewritten in [*REWRITTEN.items(), *((text, text) for text in UNCHANGED)]:
        write(folder, "css/page.css", text)

        expected = rewritten.replace("{dot}", dot).replace("{other}", other)
        content = find(folder, "css/page.css").content
        assert content == expected.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("statement", ['@import "other.css";', "@IMPORT'other.css' ;"])
def test_imported_style_sheet_becomes_part_of_the_other(folder: Path, statement: str) -> None:
    write(folder, "img/dot.svg", "<svg/>")
    write(folder, "css/more.css", "b { background: url(../img/dot.svg) }")
    write(folder, "css/other.css", '@import "more.css"; p {}')
    dot = find(folder, "img/dot.svg").hashed_name

    write(folder, "css/page.css", f"/* Page */\n{statement}\ni {{}}")

    content = find(folder, "css/page.css").content.decode()
    assert content == f"/* Page */\nb {{ background: url(../{dot}) }} p {{}}\ni {{}}"


def test_imported_script_becomes_part_of_the_other(folder: Path) -> None:
    write(folder, "js/menu.js", "const button = 1; // the end")
    write(folder, "js/theme.js", "const button = 2;\n")

    write(folder, "js/page.js", 'import "./menu.js";\nimport "./theme.js";\nconst button = 3;\n')

    assert find(folder, "js/page.js").content.decode() == (
        "/* import of ./menu.js */ {\nconst button = 1; // the end\n}\n"
        "/* import of ./theme.js */ {\nconst button = 2;\n\n}\n"
        "const button = 3;\n"
    )


@pytest.mark.parametrize(
    "script",
    ["export const a = 1;", "a();export{a}", 'import { a } from "lib.js";', 'import "./part.js";'],
)
def test_script_with_imports_or_exports_stays_a_file(folder: Path, script: str) -> None:
    write(folder, "js/part.js", "const part = 1;")
    write(folder, "js/lib.js", script)
    lib = find(folder, "js/lib.js").hashed_name.removeprefix("js/")

    write(folder, "js/page.js", 'import "./lib.js";')

    assert find(folder, "js/page.js").content.decode() == f'import "./{lib}";'


@pytest.mark.parametrize("suffix", [".js", ".mjs"])
def test_imports_in_scripts_are_rewritten(folder: Path, suffix: str) -> None:
    write(folder, "js/lib.js", "export const a = 1;")
    lib = find(folder, "js/lib.js").hashed_name.removeprefix("js/")

    for text, rewritten in {
        'import { a } from "./lib.js";': 'import { a } from "./{lib}";',
        "export * from '../js/lib.js';": "export * from '../js/{lib}';",
        'import "./lib.js";': 'import "./{lib}";',
        'await import("./lib.js");': 'await import("./{lib}");',
        'import{a}from"./lib.js"': 'import{a}from"./{lib}"',
        'import x from "lib.js";': 'import x from "lib.js";',
        'fetch("./lib.js");': 'fetch("./lib.js");',
    }.items():
        write(folder, f"js/page{suffix}", text)

        content = find(folder, f"js/page{suffix}").content.decode()
        assert content == rewritten.replace("{lib}", lib)


def test_changed_reference_changes_the_name(folder: Path) -> None:
    write(folder, "css/page.css", '@import "other.css";')
    write(folder, "css/other.css", "p { background: url(../img/dot.svg) }")
    names = [find(folder, "css/page.css").hashed_name]

    for content in ("one", "two"):
        write(folder, "img/dot.svg", content)
        names.append(find(folder, "css/page.css").hashed_name)

    assert len(set(names)) == 3


def test_modification_time_is_that_of_the_newest_reference(folder: Path) -> None:
    write(folder, "css/page.css", "p { background: url(../img/dot.svg) }")
    write(folder, "img/dot.svg", "one")
    before = find(folder, "css/page.css").modified
    write(folder, "img/dot.svg", "two")

    assert find(folder, "css/page.css").modified > before


def test_circular_references_are_reported(folder: Path) -> None:
    write(folder, "js/a.js", 'import "./b.js";')
    write(folder, "js/b.js", 'import "./c.js";')
    write(folder, "js/c.js", 'import "./b.js";')

    with pytest.raises(CircularReference, match=r"js/b\.js → js/c\.js → js/b\.js"):
        hashing.find(str(folder), "js/a.js")


def test_other_names_are_not_found(folder: Path) -> None:
    write(folder, "css/page.css", "p {}")
    (folder.parent / "secret").write_text("x")

    for name in (
        *("css/none.css", "css", "css/", "", ".", "..", "../secret", "css/../../secret"),
        *("/etc/passwd", "css/../css/page.css", "css//page.css", "css/page.css\0", "x" * 5000),
    ):
        assert hashing.find(str(folder), name) is None, name


def test_references_in_our_own_files_exist() -> None:
    names = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.*s")]
    assert len(names) > 15
    for name in names:
        asset = hashing.find(str(STATIC), name)
        pattern = hashing.REFERENCES[Path(name).suffix]
        assert asset
        assert all(HASH.search(path.decode()) for _, path in pattern.findall(asset.content)), name
