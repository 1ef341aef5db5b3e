"""Texts nobody should read: internals of the program, and English on a page of another language."""

import ast
import re
from functools import lru_cache
from pathlib import Path

from app.ui import i18n
from tests.walk.seen import Seen

UI = Path(i18n.__file__).parents[1]
INTERNALS = re.compile(
    r"<bound method|\bVar\(|_rx_state_|reflex___|Traceback|\{[a-z_]+\}|\[object \w+\]|Invalid Date"
    r"|\b(?:undefined|None|NaN|null|True|False)\b"
)
HOLES_OF_READERS = "reason.address_placeholder"
_KEY = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")


def internals(seen: Seen) -> list[str]:
    """Names of the program's parts, values that are none, raw keys of the catalogue."""
    found = [text.text for text in seen.after.texts if not text.code and _is_internal(text.text)]
    found += [seen.after.title] if _is_internal(seen.after.title) else []
    return [f"internals: {text[:200]!r}" for text in dict.fromkeys(found)]


def english(seen: Seen) -> list[str]:
    """Texts of the English catalogue on a page of another language."""
    language = seen.after.language
    if language == i18n.ENGLISH:
        return []
    told = [text.text for text in seen.after.texts if not text.own and not text.code]
    found = [text for text in dict.fromkeys([*told, seen.after.title]) if _is_english(language, text, drawn=seen.switched)]
    return [f"English in {language}: {text[:200]!r}" for text in found]


def _is_internal(text: str) -> bool:
    if (hit := INTERNALS.search(text)) is not None:
        return not any(pattern.fullmatch(text) for pattern in (*_with(hit[0]), *_told_of_holes()))
    return any(i18n.has(key) for key in _KEY.findall(text))


@lru_cache
def _with(part: str) -> list[re.Pattern[str]]:
    """Texts of any catalogue that say this themselves, as “None of 3 working” does."""
    every = [form for texts in i18n.catalogues().values() for text in texts.values() for form in forms(text)]
    return [shape(form) for form in every if part in re.sub(r"\{\w+\}", "", form)]


@lru_cache
def _told_of_holes() -> list[re.Pattern[str]]:
    """Texts that name a hole the reader has to fill: the addresses of some vendors have one for a region or an account."""
    return [shape(form) for texts in i18n.catalogues().values() for form in forms(texts[HOLES_OF_READERS])]


@lru_cache(100_000)
def _is_english(language: str, text: str, *, drawn: bool) -> bool:
    plain, shaped = _english(language, drawn)
    return text in plain or any(pattern.fullmatch(text) for pattern in shaped)


@lru_cache
def _english(language: str, drawn: bool) -> tuple[frozenset[str], list[re.Pattern[str]]]:
    """What English alone says: texts as they are, and those with holes of two words and more. `drawn`: only what the page itself says,
    which follows the language; what was told about something stays in the language it was told in."""
    catalogues = i18n.catalogues()
    left_out = {" ".join(form.split()) for text in catalogues[language].values() for form in forms(text)}
    # A language is called by its own name everywhere.
    english = {key: text for key, text in catalogues[i18n.ENGLISH].items() if not key.startswith("language.")}
    if drawn:
        told = [text for key, text in english.items() if not _is_named(key, "t") or _is_named(key, "say")]
        left_out |= {" ".join(form.split()) for text in told for form in forms(text)}
    said = {" ".join(form.split()) for text in english.values() for form in forms(text)} - left_out
    plain = frozenset(form for form in said if "{" not in form)
    return plain, [shape(form) for form in said - plain if len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", form))) >= 2]


@lru_cache(10_000)
def _is_named(key: str, door: str) -> bool:
    """Whether a call of `t` and `t_code`, or of `say` and `say_code`, names this key."""
    whole, prefixes = _named(door)
    return key in whole or key.startswith(prefixes)


@lru_cache
def _named(door: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Keys and beginnings of keys in the calls of these two."""
    place = {"t": 0, "say": 1}[door]
    whole, prefixes = set(), set()
    for file in UI.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name not in (door, f"{door}_code") or len(call.args) <= place:
                continue
            key = call.args[place]
            if isinstance(key, ast.JoinedStr) and isinstance(first := key.values[0], ast.Constant):
                prefixes.add(str(first.value))
            elif isinstance(key, ast.Constant) and name == door:
                whole.add(str(key.value))
            elif isinstance(key, ast.Constant):
                prefixes.add(f"{key.value}.")
    return frozenset(whole), tuple(prefixes)


def forms(text: i18n.Text) -> list[str]:
    """The text, or each of its plural forms."""
    return [text] if isinstance(text, str) else list(text.values())


def shape(form: str) -> re.Pattern[str]:
    """A pattern of everything the text can become."""
    return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(" ".join(form.split()))), re.DOTALL)
