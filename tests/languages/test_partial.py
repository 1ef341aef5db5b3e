"""A language with a few texts is a language: the rest is read in English, and its own rules for numbers and plural forms hold."""

from pathlib import Path

import pytest

from app import languages

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
    from dataclasses import replace

    assert languages.misfits(polish, ENGLISH) == []
    assert len(languages.misfits(replace(polish, is_complete=True), ENGLISH)) == len(ENGLISH.keys() - polish.texts.keys()) > 1_000


@pytest.mark.parametrize(("n", "said"), [(1, "1 model"), (3, "3 modele"), (5, "5 modeli"), (22, "22 modele"), (1.5, "1,5 modelu")])
def test_its_plural_forms_are_those_of_cldr(polish: languages.Language, n: float, said: str) -> None:
    assert languages.fill("pl", polish.texts["card.models"], {"n": n}) == said


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
