"""Every language says everything, asks for the same values, leaves no English behind and calls a thing by one word."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel import Locale

from app import languages, presets
from app.ui import i18n, page

ROOT = Path(__file__).parents[2]
COMPLETE = sorted(code for code, own in languages.shipped().items() if own.is_complete and code != i18n.ENGLISH)
SAME_EVERYWHERE = {
    "Patchbay",
    "OpenAI",
    "Anthropic",
    "AWS",
    "Bedrock",
    "Azure",
    "Microsoft",
    "Entra",
    "ID",
    "Email",
    "P95",
    "ms",
}  # names and units
KEPT_ENGLISH = {"vi": {"Client", "Scope", "Session", "client", "secret", "token"}}  # what engineers who speak the language call it, too

# Term → its one word: where English names the term, the text has the word. And the words for it that never stand anywhere.
TERMS = {
    "vi": {
        "provider": "nhà cung cấp",
        "model": "mô hình",
        "key": "khóa",
        "address": "địa chỉ",
        "default": "mặc định",
        "admin": "quản trị viên",
        "custom provider": "nhà cung cấp tùy chỉnh",
    },
    "zh": {
        "provider": "提供商",
        "model": "模型",
        "key": "密钥",
        "address": "地址",
        "default": "默认",
        "admin": "管理员",
        "custom provider": "自定义提供商",
    },
}
NEVER = {
    "vi": ["nhà cung ứng", "khoá", "ngầm định", "quản trị hệ thống"],
    "zh": ["供应商", "服务商", "秘钥", "金钥", "缺省", "管理者", "你"],
}
FREE = {"reason.password_common"}  # its keys are those of a keyboard
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,.;:?!()]|[,;?!()][\u4e00-\u9fff]")


def forms(text: i18n.Text) -> Iterator[str]:
    """The text, or each of its plural forms."""
    yield from [text] if isinstance(text, str) else text.values()


def letters(text: str, code: str) -> str:
    """What is left to translate: no values, no names and units, no signs."""
    rest = re.sub(r"\{\w+\}|[^\w]", " ", text)
    kept = SAME_EVERYWHERE | KEPT_ENGLISH.get(code, set())
    return " ".join(word for word in rest.split() if word not in kept and not word.isdigit())


def left_in_english(code: str, english: Mapping[str, i18n.Text], own: Mapping[str, i18n.Text]) -> set[str]:
    """Keys whose text is the English one, or empty where English says something."""
    said = {key: {letters(form, code) for form in forms(text)} - {""} for key, text in english.items()}
    theirs = {key: [letters(form, code) for form in forms(own[key])] for key in said}
    return {key for key, needed in said.items() if needed and (not all(forms(own[key])) or needed & set(theirs[key]))}


def off_the_list(code: str, english: Mapping[str, i18n.Text], own: Mapping[str, i18n.Text]) -> set[str]:
    """Keys that call a thing by another word than the list does."""
    found = {key for key, text in own.items() if any(word in form.lower() for form in forms(text) for word in NEVER.get(code, []))}
    for term, word in TERMS.get(code, {}).items():
        named = re.compile(rf"\b{term}s?\b", re.IGNORECASE)
        asked = {key for key, text in english.items() if any(named.search(re.sub(r"\{\w+\}|https?://\S+", "", f)) for f in forms(text))}
        found |= {key for key in asked if not all(word in form.lower() for form in forms(own[key]))}
    return found - FREE


@pytest.mark.parametrize("code", COMPLETE)
def test_a_complete_language_says_everything(code: str) -> None:
    assert languages.shipped()[i18n.ENGLISH].texts.keys() - languages.shipped()[code].texts.keys() == set()


@pytest.mark.parametrize("code", sorted(i18n.languages()))
def test_every_text_of_a_language_fits_the_english_one(code: str) -> None:
    page.pages()  # which bring texts of their own

    wrong = languages.misfits(languages.shipped()[code], i18n.catalogues()[i18n.ENGLISH])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("code", sorted(i18n.languages()))
def test_a_language_has_no_plural_form_that_it_never_says(code: str) -> None:
    said = Locale.parse(code).plural_form.tags | {"other"}
    unsaid = {key: set(text) - said for key, text in languages.shipped()[code].texts.items() if not isinstance(text, str)}

    assert {key: rest for key, rest in unsaid.items() if rest} == {}


@pytest.mark.parametrize("code", COMPLETE)
def test_a_language_leaves_no_english_behind(code: str) -> None:
    assert left_in_english(code, i18n.catalogues()[i18n.ENGLISH], i18n.catalogues()[code]) == set()


@pytest.mark.parametrize("code", COMPLETE)
def test_a_language_calls_a_thing_by_one_word(code: str) -> None:
    assert off_the_list(code, i18n.catalogues()[i18n.ENGLISH], i18n.catalogues()[code]) == set()


def test_chinese_has_chinese_punctuation() -> None:
    wrong = {key for key, text in i18n.catalogues()["zh"].items() if any(HALF_WIDTH.search(form) for form in forms(text))}

    assert wrong == set()


def test_english_left_behind_and_a_stray_word_would_be_seen() -> None:
    english = i18n.catalogues()[i18n.ENGLISH]
    planted = i18n.catalogues()["zh"] | {
        "common.save": "Save",
        "common.edit": "",
        "card.models": {"other": "{n} models"},
        "nav.providers": "供应商",
        "form.default_model": "缺省模型",
    }

    assert left_in_english("zh", english, planted) == {"common.save", "common.edit", "card.models"}
    assert off_the_list("zh", english, planted) == {"card.models", "nav.providers", "form.default_model"}
    assert HALF_WIDTH.search("已保存, 请继续")


def test_what_a_known_provider_says_in_a_language_is_not_english_and_its_language_is_there() -> None:
    said = [(p.id, code, text) for p in presets.all_() for code, text in p.description_in.items()]

    assert len(said) > 50
    assert [(name, code) for name, code, text in said if code not in COMPLETE or not text or text == presets.get(name).description] == []


def reasons_in(text: str) -> dict[str, str]:
    """Code → sentence of every `Reason` that is written out."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and len(node.args) == 2]
    named = [call.args for call in calls if getattr(call.func, "id", "") in ("Reason", "refuse")]
    return {str(c.value): str(s.value) for c, s in named if isinstance(c, ast.Constant) and isinstance(s, ast.Constant)}


def test_every_reason_has_words_and_the_english_ones_are_those_of_the_rule() -> None:
    given = {code: said for file in (ROOT / "app").rglob("*.py") for code, said in reasons_in(file.read_text("utf-8")).items()}
    english = i18n.catalogues()[i18n.ENGLISH]

    assert len(given) > 20
    assert {code: said for code, said in given.items() if english.get(f"reason.{code}") != said} == {}


def test_a_reason_that_says_something_else_would_be_seen() -> None:
    assert reasons_in('Reason("blanks", "No spaces.")\nraise refuse("address_port", "Another port.")') == {
        "blanks": "No spaces.",
        "address_port": "Another port.",
    }
