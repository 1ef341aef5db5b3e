"""What stands on a page, in whichever language: English that was left, and insides that nobody may see."""

import re
from functools import lru_cache

from playwright.sync_api import Page, expect

from app.ui import i18n

# Everything a person can see or hear: the texts in view, and the attributes that are read out or shown on hover.
SEEN = """() => {
  const seen = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement: element, textContent: text } = walk.currentNode;
    if (text.trim() && !element.closest('script, style, [lang]:not(html)') && element.checkVisibility()) seen.push(text);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [aria-description], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'aria-description', 'alt'])
      if (element.getAttribute(name)) seen.push(element.getAttribute(name));
  return seen;
}"""

CHOSEN_ELSEWHERE = """code => {
  localStorage.setItem("pb-language", code);
  dispatchEvent(new StorageEvent("storage", { key: "pb-language", newValue: code, storageArea: localStorage }));
}"""


def speak(page: Page, language: str) -> None:
    """Choose the language as another tab does: this one follows, with whatever is open in it."""
    page.evaluate(CHOSEN_ELSEWHERE, language)
    expect(page.locator("html")).to_have_attribute("lang", i18n.say(language, "language.tag"))


def english_left(page: Page, language: str) -> list[str]:
    """English catalogue texts of two words and more that stand on the page."""
    seen = [" ".join(text.split()) for text in page.evaluate(SEEN)]
    return sorted({text for text in seen for pattern in _patterns(language) if pattern.fullmatch(text)})


@lru_cache
def _patterns(language: str) -> list[re.Pattern[str]]:
    catalogues = i18n.catalogues()
    found = []
    for key, english in catalogues[i18n.ENGLISH].items():
        theirs = _forms(catalogues[language].get(key, ""))
        for form in _forms(english):
            plain = re.sub(r"\{\w+\}", "", form)
            if len(re.findall(r"[A-Za-z]{2,}", plain)) >= 2 and form not in theirs:
                found.append(re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(" ".join(form.split())))))
    return found


def _forms(text: i18n.Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


# What no reader may ever see: insides of Python and of the framework, a hole of a text that nothing filled.
INSIDES = re.compile(r"<bound method|\bVar\(|_rx_state_|\{[a-z_]+\}|<function |\[object |^(None|undefined|null|NaN)$")


def leaks(page: Page) -> list[str]:
    """Texts of the page that show how it is made: insides, holes and keys of the catalogue."""
    seen = [" ".join(text.split()) for text in page.evaluate(SEEN)]
    return sorted({text[:200] for text in seen if INSIDES.search(text) or i18n.has(text)})
