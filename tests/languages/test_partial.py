"""A language with a few texts is a language: the rest is read in English, and its own rules for numbers and plural forms hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from app import languages
from app.languages import Language

POLISH = """
[language]
name = "Polski"
[common]
save = "Zapisz"
[card]
models = { one = "{n} model", few = "{n} modele", many = "{n} modeli", other = "{n} modelu" }
"""


@pytest.fixture
def polish(tmp_path: Path) -> languages.Language:
    (tmp_path / "pl.toml").write_text(POLISH, "utf-8")
    return languages.read(tmp_path / "pl.toml")


ENGLISH = languages.shipped()[languages.ENGLISH].texts


def test_it_need_not_say_everything_unless_it_says_that_it_does(polish: languages.Language) -> None:
    assert languages.misfits(polish, ENGLISH) == []
    assert len(languages.misfits(replace(polish, is_complete=True), ENGLISH)) == len(ENGLISH.keys() - polish.texts.keys()) > 1_000


@pytest.mark.parametrize(("n", "said"), [(1, "1 model"), (3, "3 modele"), (5, "5 modeli"), (22, "22 modele"), (1.5, "1,5 modelu")])
def test_its_plural_forms_are_those_of_cldr(polish: languages.Language, n: float, said: str) -> None:
    assert languages.fill("pl", polish.texts["card.models"], {"n": n}) == said


def test_a_text_that_does_not_fit_is_read_in_english(polish: languages.Language, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(polish, texts={**polish.texts, "card.test_name": "Test {nazwa} {name.__class__}"})
    monkeypatch.setattr(languages, "shipped", lambda: {"en": Language("en", "English", ENGLISH), "pl": wrong})

    assert languages.say("pl", "card.test_name", {"name": "Lab"}) == "Test Lab"
    assert languages.say("pl", "common.save", {}) == "Zapisz"


def test_what_a_browser_says_instead_of_a_language_is_english_and_is_not_kept() -> None:
    before = languages._locale.cache_info().currsize

    for wish in ("../../etc/passwd", "", "pl_PL@x", *(f"x{n}" for n in range(200))):
        assert languages.number(wish, 1_234.5) == "1,234.5"
        assert languages.say(wish, "common.save", {}) == "Save"

    assert languages._locale.cache_info().currsize <= before + 1


def test_its_tag_is_its_code_unless_it_says_another(polish: languages.Language) -> None:
    assert polish.texts["language.tag"] == "pl"


def test_a_language_that_nobody_has_rules_for_reads_like_english() -> None:
    assert languages.fill("xx", {"one": "{n} thing", "other": "{n} things"}, {"n": 1_000}) == "1,000 things"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[common]\n", "xx.toml:1: [language] has no name", id="no name"),
        pytest.param(
            '[language]\nname = "X"\n[common]\nsave = 3\n', "xx.toml:4: “common.save” is neither a text nor plural forms", id="a number"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "xx.toml").write_text(text)

    with pytest.raises(languages.BadLanguage) as caught:
        languages.read(tmp_path / "xx.toml")

    assert str(caught.value).startswith(told)
