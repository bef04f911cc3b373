"""The catalogues are complete, up to date and well-formed."""

import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.i18n import LANGUAGES
from tests.support.repository import ROOT
from tests.translations.catalogues import FOLDER, extracted, forms, messages, placeholders, stored

TRANSLATED = sorted(LANGUAGES.keys() - {"en"})
FIX = "Run `make translations`, fill in messages.po, and run it again."
HAN = "\u4e00-\u9fff"
UNSPACED = re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]")
HALF_WIDTH = re.compile(rf"[{HAN}] ?[,.;:!?()]|[,.;:!?()] ?[{HAN}]")
# Dates and times in Chinese end with a Chinese character: “2026年3月1日加入”.
DATE = re.compile(r"%\((date|time)\)s")
NOT_CHINESE = re.compile(
    r"`[\w.]+`|%\(\w+\)[ds]|\{count\}|ann@example\.com|docs/configuration\.md"
)
LATIN_IN_CHINESE = {
    "API",
    "GIF",
    "http",
    "https",
    "ID",
    "IP",
    "JPEG",
    "JSON",
    "JavaScript",
    "Markdown",
    "MB",
    "NUL",
    "PNG",
    "OpenAPI",
    "UTC",
    "WebP",
    "ZIP",
}
LATIN_IN_CHINESE |= {"SITE_URL", "TRUSTED_HOSTS"}


def test_catalogues_are_those_of_the_languages() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == TRANSLATED


# Loops instead of parameters, because a test without parameters would be skipped.
@pytest.mark.slow
def test_catalogue_is_complete_and_up_to_date() -> None:
    expected = set(messages(extracted()))
    for language in TRANSLATED:
        catalog = stored(language)
        translated = messages(catalog)

        assert expected - set(translated) == set(), FIX
        assert set(translated) - expected == set(), FIX
        assert not catalog.obsolete, FIX
        assert [text for text, one in translated.items() if not all(forms(one.string))] == []
        assert [text for text, one in translated.items() if one.fuzzy] == []


def test_translation_has_the_placeholders_of_the_original() -> None:
    for catalog in map(stored, TRANSLATED):
        assert list(catalog.check()) == []
        for text, message in messages(catalog).items():
            for form in forms(message.string):
                assert placeholders(form) == placeholders(message.id), text


def test_compiled_catalogue_is_up_to_date() -> None:
    for language in TRANSLATED:
        with (FOLDER / language / "LC_MESSAGES/messages.mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)

        for text, message in messages(stored(language)).items():
            if message.pluralizable:
                one, many = forms(message.id)
                plurals = {compiled.ngettext(one, many, number) for number in (1, 2)}
                assert plurals == set(forms(message.string)), FIX
            else:
                assert compiled.gettext(text) == message.string, FIX


@pytest.mark.slow
def test_make_translations_changes_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "translations"
    shutil.copytree(FOLDER, copy)

    subprocess.run(
        ["make", "--old-file=venv", "translations", f"catalog={copy}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    for path in FOLDER.rglob("*.?o"):
        assert (copy / path.relative_to(FOLDER)).read_bytes() == path.read_bytes(), FIX


def test_chinese_has_one_plural_form_and_is_informal() -> None:
    assert stored("zh_Hans").num_plurals == 1
    assert [text for text, form in chinese() if "您" in form] == []


def test_chinese_has_full_width_punctuation_and_spaces_around_latin() -> None:
    for text, form in chinese():
        shown = re.sub(r"%\(\w+\)[ds]", "x", DATE.sub("", form))
        assert not UNSPACED.search(shown), text
        assert not HALF_WIDTH.search(shown), text


def test_chinese_has_no_untranslated_words() -> None:
    for text, form in chinese():
        words = set(re.findall(r"[A-Za-z_]+", NOT_CHINESE.sub("", form)))
        assert words <= LATIN_IN_CHINESE, text


def chinese() -> list[tuple[str, str]]:
    translated = messages(stored("zh_Hans")).items()
    return [(text, form) for text, message in translated for form in forms(message.string)]
