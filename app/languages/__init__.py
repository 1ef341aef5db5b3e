"""The texts people read, by language: one file here is one language, and English is the measure.

A file has the texts of its language and nothing else: how its numbers and plural forms go is known from its code (Unicode CLDR). What it
leaves out is read in English. With `complete = true` under `[language]` it has every text of `en.toml`, and tests hold it to that; what
auth types, findings and pages bring in their own files it may have, too.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
ENGLISH = "en"
NAMES = frozenset({"port", "revision", "seq", "status"})  # holes whose numbers are names: written as they are
_PLURAL = frozenset({"zero", "one", "two", "few", "many", "other"})
_HOLE = re.compile(r"\{(\w+)\}")

Text = str | Mapping[str, str]
"""A text, or its plural forms: which one is chosen by the value of `n`."""


class BadLanguage(ValueError):
    """A language file that cannot be used. The text is `file:line: what is wrong`, one line for each mistake."""


@dataclass(frozen=True, slots=True)
class Language:
    """One file. `texts`: key → text; the tables of the file are joined by dots, `[card] test = …` is `card.test`."""

    code: str
    name: str
    texts: Mapping[str, Text]
    is_complete: bool = False
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)  # key → where it stands


def read(file: Path) -> Language:
    """One language file. Raises `BadLanguage`."""
    try:
        source = file.read_text("utf-8")
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadLanguage(f"{file.name}:{found[1] if found else 1}: this is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise BadLanguage(f"{file.name}:1: the file cannot be read as UTF-8 text") from error
    own = tables.get("language")
    if not isinstance(own, dict) or not isinstance(own.get("name"), str):
        raise BadLanguage(f"{file.name}:1: [language] has no name: how the language calls itself, for the menu")
    is_complete = own.pop("complete", False)
    own.setdefault("tag", file.stem)
    texts: dict[str, Text] = {}
    wrong: list[str] = []
    _flatten(tables, "", texts, wrong)
    lines = _lines(source)
    if wrong:
        raise BadLanguage("\n".join(f"{file.name}:{lines.get(key, 1)}: “{key}” is neither a text nor plural forms" for key in wrong))
    return Language(file.stem, own["name"], texts, is_complete is True, lines)


@cache
def shipped() -> dict[str, Language]:
    """Code → language, English first. Raises `BadLanguage` for a file that cannot be read."""
    found = {file.stem: read(file) for file in sorted(FOLDER.glob("*.toml"))}
    return {ENGLISH: found.pop(ENGLISH)} | found


def misfits(own: Language, english: Mapping[str, Text]) -> list[str]:
    """What does not fit the English texts, one line a mistake: a key that English does not have, other holes, plural forms on one side."""
    found = [(own.lines.get(key, 1), key, _misfit(text, english.get(key)) + _meant(key, english)) for key, text in own.texts.items()]
    wrong = [f"{own.code}.toml:{line}: “{key}” {why}" for line, key, why in sorted(found) if why]
    missing = sorted(shipped()[ENGLISH].texts.keys() - own.texts.keys()) if own.is_complete else []
    return wrong + [f"{own.code}.toml:1: “{key}” is missing, and the file says complete = true" for key in missing]


def fitting(own: Language, english: Mapping[str, Text]) -> dict[str, Text]:
    """The texts that fit."""
    return {key: text for key, text in own.texts.items() if not _misfit(text, english.get(key))}


def _meant(key: str, english: Mapping[str, Text]) -> str:
    if key in english:
        return ""
    near = difflib.get_close_matches(key, english, 1)
    return f"; did you mean “{near[0]}”?" if near else ": leave it out"


def _misfit(text: Text, measure: Text | None) -> str:
    if measure is None:
        return "is no key of the English texts"
    if isinstance(text, str) != isinstance(measure, str):
        return f"must {'have no' if isinstance(measure, str) else 'have'} plural forms, as in English"
    if holes(text) != holes(measure):
        return f"must have the holes of the English text, {_listed(holes(measure))}; it has {_listed(holes(text))}"
    return ""


def holes(text: Text) -> frozenset[str]:
    """The values a text asks for. Plural forms always ask for `n`."""
    if isinstance(text, str):
        return frozenset(_HOLE.findall(text))
    return frozenset({"n"}).union(*(_HOLE.findall(form) for form in text.values()))


def fill(code: str, text: Text, values: Mapping[str, object]) -> str:
    """The text with its values, numbers as the language writes them. Of plural forms the one that the language has for `n`."""
    if not isinstance(text, str):
        n = values["n"]
        text = text.get(_locale(code).plural_form(n), text["other"]) if isinstance(n, int | float) else text["other"]
    return _HOLE.sub(lambda hole: _written(code, hole[1], values[hole[1]]), text)


def number(code: str, value: float) -> str:
    """A number as the language writes it, with at most one digit behind the decimal sign, as `amount` in the browser. `code` may be what
    a browser says: one that is no language here reads as English."""
    return _number(code if code in shipped() else ENGLISH, value)


def say(code: str, key: str, values: Mapping[str, object]) -> str:
    """One text of the files with its values; in English where `code` is no language here, or has no text that fits."""
    english = shipped()[ENGLISH]
    own = fitting(shipped().get(code, english), english.texts)
    return fill(code, own[key], values) if key in own else fill(ENGLISH, english.texts[key], values)


def _written(code: str, hole: str, value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _number(code, value) if is_number and hole not in NAMES else str(value)  # type: ignore[arg-type] - a number


def _number(code: str, value: float) -> str:
    return format_decimal(round(value, 1), locale=_locale(code))


@lru_cache(64)
def _locale(code: str) -> Locale:
    """The rules of a language; those of English where CLDR has none for it, as browsers do."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(ENGLISH)


def _flatten(table: Mapping[str, object], path: str, into: dict[str, Text], wrong: list[str]) -> None:
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, str):
            into[key] = value
        elif isinstance(value, Mapping) and "other" in value and value.keys() <= _PLURAL:
            into[key] = {form: str(text) for form, text in value.items()}
        elif isinstance(value, Mapping):
            _flatten(value, key, into, wrong)
        else:
            wrong.append(key)


def _lines(source: str) -> dict[str, int]:
    """Key → line, as far as keys stand one a line under the head of their table."""
    found: dict[str, int] = {}
    table = ""
    for number_, line in enumerate(source.splitlines(), 1):
        if head := re.match(r"\[([\w.-]+)\]", line):
            table = f"{head[1]}."
        elif named := re.match(r"([\w.-]+)\s*=", line):
            found.setdefault(f"{table}{named[1]}", number_)
    return found


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"
