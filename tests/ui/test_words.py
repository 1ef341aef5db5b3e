"""Texts come through one door; a missing one fails the build."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import reflex as rx

from app.ui import i18n
from app.ui.build.plugins import own_files


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What a test asked for in vain is no fault of the pages."""
    yield
    i18n._misfits.clear()
    i18n._of_pages.clear()
    i18n.catalogues.cache_clear()


def test_every_missing_key_fails_the_build_and_is_named_with_its_line() -> None:
    i18n.t("card.nothing")
    i18n.when("card.nothing_either", "2026-12-31")

    with pytest.raises(i18n.UnknownWord) as caught:
        i18n.check()

    assert re.findall(r"tests/ui/test_words\.py:\d+: there is no text “(\S+)”", str(caught.value)) == [
        "card.nothing",
        "card.nothing_either",
    ]


def test_a_page_brings_english_texts_of_its_own() -> None:
    i18n.bring({"weather.title": "Weather"}, "weather.py")

    i18n.t("weather.title")
    i18n.check()
    assert i18n.say("vi", "weather.title") == "Weather"
    with pytest.raises(i18n.BadLanguage, match=r"weather\.py: “common\.save” is “Save” in en\.toml already"):
        i18n.bring({"common.save": "Keep"}, "weather.py")
        i18n.keys()


@pytest.mark.parametrize("values", [{}, {"wrong": 1}, {"n": 1, "more": 2}], ids=["none", "other", "too many"])
def test_values_that_do_not_fit_the_text_fail_the_build(values: dict[str, object]) -> None:
    i18n.t("card.models", **values)

    with pytest.raises(i18n.UnknownWord, match="asks for"):
        i18n.check()
    with pytest.raises(i18n.UnknownWord, match="asks for"):
        i18n.say("en", "card.models", **values)


def test_plural_forms_are_chosen_by_the_number() -> None:
    assert i18n.say("en", "card.models", n=1) == "1 model"
    assert i18n.say("en", "card.models", n=12) == "12 models"


@pytest.mark.parametrize(
    ("language", "n", "written"),
    [
        pytest.param("en", 12_345, "12,345", id="en"),
        pytest.param("vi", 12_345, "12.345", id="vi"),
        pytest.param("zh", 12_345, "12,345", id="zh"),
        pytest.param("vi", 1_234.56, "1.234,6", id="a fraction"),
        pytest.param("vi", 3.0, "3", id="a whole fraction"),
        pytest.param("xx", 12_345, "12,345", id="no such language"),
    ],
)
def test_a_number_is_written_as_the_language_writes_it(language: str, n: float, written: str) -> None:
    assert i18n.number(language, n) == written
    assert written in i18n.say(language, "card.models", n=n)


def test_a_number_that_is_a_name_is_written_as_it_is() -> None:
    assert "11434" in i18n.say("en", "probe.connection_refused", host="lab", port=11434)
    assert 'const NAMES = ["port", "revision", "seq", "status"]' in own_files.text("i18n.js")


def test_a_language_that_does_not_exist_reads_as_english() -> None:
    assert i18n.say("xx", "common.save") == "Save"


def test_a_code_without_words_gets_the_general_answer() -> None:
    assert i18n.say_code("en", "error", "no_such_code") == i18n.say("en", "error.unknown")


def test_the_browser_gets_every_text_and_the_functions_that_pick_them() -> None:
    script = own_files.text("i18n.js")

    assert '"card.models": {"one": "{n} model", "other": "{n} models"}' in script
    assert "export const tr" in script


@pytest.mark.parametrize("code", sorted(i18n.languages()))
def test_a_language_has_no_unknown_key_and_asks_for_no_other_values(code: str) -> None:
    english, own = i18n.catalogues()["en"], i18n.catalogues()[code]

    assert own.keys() - english.keys() == set()
    assert {key for key in own if i18n.holes(own[key]) != i18n.holes(english[key])} == set()


async def test_choosing_a_language_that_does_not_exist_changes_nothing() -> None:
    state: Any = await rx.State(_reflex_internal_init=True).get_state(i18n.Language)  # type: ignore[call-arg]

    await i18n.Language.choose.fn(state, "xx")

    assert state.code == "en"
