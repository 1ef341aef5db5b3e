"""Finds English that was left on a page of another language."""

import re
from functools import lru_cache

from playwright.sync_api import Page

from app.ui import words

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


def english_left(page: Page, language: str) -> list[str]:
    """English catalogue texts of two words and more that stand on the page."""
    seen = [" ".join(text.split()) for text in page.evaluate(SEEN)]
    return sorted({text for text in seen for pattern in _patterns(language) if pattern.fullmatch(text)})


@lru_cache
def _patterns(language: str) -> list[re.Pattern[str]]:
    catalogues = words.catalogues()
    found = []
    for key, english in catalogues[words.ENGLISH].items():
        theirs = _forms(catalogues[language].get(key, ""))
        for form in _forms(english):
            plain = re.sub(r"\{\w+\}", "", form)
            if len(re.findall(r"[A-Za-z]{2,}", plain)) >= 2 and form not in theirs:
                found.append(re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(" ".join(form.split())))))
    return found


def _forms(text: words.Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())
