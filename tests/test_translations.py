"""The catalogues hold what the code asks for, all of it and nothing else, and fit together."""

import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.i18n import LANGUAGES
from tests.repository import ROOT
from tests.translations.catalogues import FOLDER, extracted, messages, placeholders, stored, texts

TRANSLATED = sorted(LANGUAGES.keys() - {"en"})
MEND = "Run `make translations`, fill in messages.po, and run it again."
HAN = "\u4e00-\u9fff"
UNSPACED = re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]")
HALF_WIDTH = re.compile(rf"[{HAN}] ?[,.;:!?()]|[,.;:!?()] ?[{HAN}]")
# Dates and times in Chinese bring their own Chinese characters: “2026年3月1日加入”.
MOMENT = re.compile(r"%\((date|time)\)s")


@pytest.fixture(scope="module")
def wanted() -> set[str]:
    """What the code asks for now."""
    return set(messages(extracted()))


def test_every_translated_language_has_a_catalogue_and_no_other_has() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_holds_what_the_code_asks_for_and_nothing_else(
    language: str, wanted: set[str]
) -> None:
    catalog = stored(language)

    assert wanted - set(messages(catalog)) == set(), MEND
    assert set(messages(catalog)) - wanted == set(), MEND
    assert not catalog.obsolete, MEND


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_is_translated_and_certain(language: str) -> None:
    found = messages(stored(language))

    assert [text for text, message in found.items() if not all(texts(message.string))] == []
    assert [text for text, message in found.items() if message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translation_is_filled_with_what_the_original_is(language: str) -> None:
    catalog = stored(language)

    assert list(catalog.check()) == []
    for text, message in messages(catalog).items():
        for form in texts(message.string):
            assert placeholders(form) == placeholders(message.id), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_compiled_catalogue_is_the_written_one(language: str) -> None:
    with (FOLDER / language / "LC_MESSAGES/messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    for text, message in messages(stored(language)).items():
        if message.pluralizable:
            one, many = texts(message.id)
            forms = {compiled.ngettext(one, many, number) for number in (1, 2)}
            assert forms == set(texts(message.string)), MEND
        else:
            assert compiled.gettext(text) == message.string, MEND


def test_make_translations_leaves_nothing_to_do(tmp_path: Path) -> None:
    """Whoever runs it without having changed a text gets no change to commit."""
    copy = tmp_path / "translations"
    shutil.copytree(FOLDER, copy)

    subprocess.run(
        ["make", "--old-file=venv", "translations", f"catalog={copy}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    for path in FOLDER.rglob("*.?o"):
        assert (copy / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), MEND


def test_chinese_has_one_form_for_all_numbers() -> None:
    assert stored("zh_Hans").num_plurals == 1


def test_chinese_speaks_to_readers_as_to_friends() -> None:
    assert [text for text, said in chinese() if "您" in said] == []


def test_chinese_is_set_as_chinese_is() -> None:
    """Full-width signs after Chinese characters, a space between them and Latin ones."""
    for text, said in chinese():
        shown = re.sub(r"%\(\w+\)[ds]", "x", MOMENT.sub("", said))
        assert not UNSPACED.search(shown), text
        assert not HALF_WIDTH.search(shown), text


def chinese() -> list[tuple[str, str]]:
    found = messages(stored("zh_Hans")).items()
    return [(text, form) for text, message in found for form in texts(message.string)]
