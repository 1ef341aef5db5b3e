"""Texts come through one door; a missing one fails the build."""

from typing import Any

import pytest
import reflex as rx

from app.ui import catalogue, words


def test_a_missing_key_fails_the_build() -> None:
    with pytest.raises(words.UnknownWord, match=r"card\.nothing"):
        words.t("card.nothing")


@pytest.mark.parametrize("values", [{}, {"wrong": 1}, {"n": 1, "more": 2}], ids=["none", "other", "too many"])
def test_values_that_do_not_fit_the_text_fail_the_build(values: dict[str, object]) -> None:
    with pytest.raises(words.UnknownWord, match="asks for"):
        words.t("card.models", **values)


def test_plural_forms_are_chosen_by_the_number() -> None:
    assert words.say("en", "card.models", n=1) == "1 model"
    assert words.say("en", "card.models", n=12) == "12 models"


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
    assert words.number(language, n) == written
    assert written in words.say(language, "card.models", n=n)


def test_a_number_that_is_a_name_is_written_as_it_is() -> None:
    assert "11434" in words.say("en", "probe.connection_refused", host="lab", port=11434)
    assert 'const NAMES = ["port", "revision", "seq", "status"]' in catalogue.text("words.js")


def test_a_language_that_does_not_exist_reads_as_english() -> None:
    assert words.say("xx", "common.save") == "Save"


def test_a_code_without_words_gets_the_general_answer() -> None:
    assert words.say_of("en", "error", "no_such_code") == words.say("en", "error.unknown")


def test_the_browser_gets_every_text_and_the_functions_that_pick_them() -> None:
    script = catalogue.text("words.js")

    assert '"card.models": {"one": "{n} model", "other": "{n} models"}' in script
    assert "export const tr" in script


@pytest.mark.parametrize("code", sorted(words.languages()))
def test_a_language_has_no_unknown_key_and_asks_for_no_other_values(code: str) -> None:
    english, own = words.catalogues()["en"], words.catalogues()[code]

    assert own.keys() - english.keys() == set()
    assert {key for key in own if words.holes(own[key]) != words.holes(english[key])} == set()


async def test_choosing_a_language_that_does_not_exist_changes_nothing() -> None:
    state: Any = await rx.State(_reflex_internal_init=True).get_state(words.Language)  # type: ignore[call-arg]

    await words.Language.choose.fn(state, "xx")

    assert state.code == "en"
