"""Secrets of the fixtures where they must not be: in the page, in what the browser stores, in the log."""

import re

from tests.walk.marks import ISSUED, MARK
from tests.walk.seen import Seen

_ISSUED = re.compile(ISSUED)


def secrets(seen: Seen) -> list[str]:
    """Typed secrets nowhere; a key of ours nowhere but in what shows it once."""
    places = {
        "the page": seen.after.markup,
        "the title": seen.after.title,
        "storage": seen.after.stored,
        "the console": "\n".join(seen.console),
        "the log": "\n".join(seen.log),
    }
    found = [f"a secret in {place}: {around(text, text.index(MARK))!r}" for place, text in places.items() if MARK in text]
    shown_once = bool(seen.after.dialogs) or seen.after.path.startswith("/start")
    for place, text in places.items():
        if not (shown_once and place == "the page") and (hit := _ISSUED.search(text)):
            found.append(f"a key of ours in {place}: {around(text, hit.start())[:60]!r}")
    return found


def around(text: str, at: int) -> str:
    """Where in the text, without what follows."""
    return text[max(0, at - 120) : at]
