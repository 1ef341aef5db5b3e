"""Texts come through one door; a missing one fails the build."""

import ast
from pathlib import Path

import pytest

from app.domain.actor import Role, Scope
from app.domain.address import AddressNote
from app.domain.audit import Action
from app.domain.probe import Finding, FixAction, Rung, Verdict
from app.domain.provider import Status
from app.ui import catalogue, words
from app.upstream import auth

ROOT = Path(__file__).parents[2]
DOORS = {"t": 0, "say": 1}


def keys_named_in(text: str) -> set[str]:
    """First literal argument of every call of t() and second of every say()."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    named = set()
    for call in calls:
        place = DOORS.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
        if place is not None and len(call.args) > place and isinstance(key := call.args[place], ast.Constant):
            named.add(key.value)
    return named


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


def test_every_key_that_the_code_names_exists() -> None:
    named = {key for file in (ROOT / "app/ui").rglob("*.py") for key in keys_named_in(file.read_text("utf-8"))}

    assert named - words.keys() == set()


def test_a_call_with_an_unknown_key_would_be_seen() -> None:
    assert keys_named_in('t("no.such", n=1); words.say(language, "none.either")') == {"no.such", "none.either"}


def test_choosing_a_language_that_does_not_exist_changes_nothing() -> None:
    state = words.Language(_reflex_internal_init=True)  # type: ignore[call-arg]

    words.Language.choose.fn(state, "xx")

    assert state.code == "en"


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [
        pytest.param("probe", set(Finding), id="findings"),
        pytest.param("status", set(Status), id="status"),
        pytest.param("verdict", set(Verdict), id="verdicts"),
        pytest.param("role", set(Role), id="roles"),
        pytest.param("error", {"unknown"}, id="errors"),
        pytest.param("fix", set(FixAction), id="repairs"),
        pytest.param("rung_ok", set(Rung), id="rungs that passed"),
        pytest.param("rung_failed", set(Rung), id="rungs that failed"),
        pytest.param("rung_noted", set(Rung), id="rungs with a note"),
        pytest.param("scope", set(Scope), id="scopes"),
        pytest.param("scope_help", set(Scope), id="what scopes mean"),
        pytest.param("form.note", set(AddressNote), id="what was mended in an address"),
        pytest.param("action", {action.replace(":", "_") for action in Action}, id="audit actions"),
        pytest.param("auth_type", set(auth.types()), id="auth types"),
        pytest.param("auth", {f.name for kind in auth.types().values() for f in kind.fields}, id="fields of the auth types"),
    ],
)
def test_every_code_of_the_domain_has_words(prefix: str, codes: set[str]) -> None:
    assert {f"{prefix}.{code}" for code in {*codes, "unknown"}} - words.keys() == set()
