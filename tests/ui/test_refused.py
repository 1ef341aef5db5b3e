"""The page of a refusal: in a language of the browser's, complete in itself."""

import re

import pytest

from app.api import edge
from app.ui import i18n
from app.ui.session import refused

ORIGINS = [("foreign_origin", differs) for differs in edge._FOREIGN]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        pytest.param("", "en", id="none"),
        pytest.param("vi", "vi", id="one"),
        pytest.param("zh-TW,en;q=0.9", "zh", id="of a country"),
        pytest.param("de-DE,de;q=0.9", "en", id="one that we do not have"),
        pytest.param("fr, zh;q=0.7, vi;q=0.9", "vi", id="by weight"),
        pytest.param("vi, zh", "vi", id="the first of two"),
        pytest.param("vi;q=0, zh;q=0.1", "zh", id="one that is not wanted"),
        pytest.param("vi;q=much", "en", id="no weight"),
        pytest.param("*", "en", id="any"),
        pytest.param(";;,,q=,=", "en", id="nonsense"),
        pytest.param("x," * 100_000 + "vi", "en", id="without end"),
    ],
)
def test_the_language_is_what_the_browser_wants_most(wish: str, code: str) -> None:
    assert refused.preferred(wish) == code


@pytest.mark.parametrize("language", i18n.languages())
@pytest.mark.parametrize(("code", "differs"), [("bad_host", ""), ("unknown_host", ""), *ORIGINS])
def test_every_refusal_has_a_page_in_every_language_that_loads_nothing(language: str, code: str, differs: str) -> None:
    page = refused.page(code, differs, language, "llm.example.com")

    assert page is not None
    text = page.decode()
    assert f'<html lang="{language}">' in text
    assert i18n.say(language, "refused.title") in text
    assert i18n.say(language, "refused.back") in text or code != "foreign_origin"
    assert not re.search(r"<(?:script|link|img|form)|src=|url\(|https?://", text)


def test_what_was_sent_is_text_on_the_page() -> None:
    page = refused.page("unknown_host", "", "en", "<b>&.example")

    assert page is not None
    assert b"&lt;b&gt;&amp;.example" in page
    assert b"<b>" not in page


def test_a_handshake_is_not_refused_with_a_page() -> None:
    assert refused.page("not_upgraded", "", "en", "h") is None
