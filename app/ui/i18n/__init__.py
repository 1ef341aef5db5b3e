"""The one door for every text a person reads: `t()` on a page, `say()` in a handler.

The texts are in `languages/<code>.toml`; English is the measure. A key that English does not have, or values that its
text does not ask for, raise while the pages are built, so a missing text fails the build and never a visitor.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

from app.ui.permission import public
from app.ui.presses import acknowledged

FOLDER = Path(__file__).parent / "languages"
ENGLISH = "en"
MODULE = "$/utils/i18n"  # written by `own_files`
_PLURAL = frozenset({"zero", "one", "two", "few", "many", "other"})
_HOLE = re.compile(r"\{(\w+)\}")
NAMES = frozenset({"port", "revision", "seq", "status"})  # holes whose numbers are names: written as they are
_GAP = "\ue000"  # stands for {when} until the browser puts the time there; no text and no name has this character

Text = str | Mapping[str, str]
"""A text, or its plural forms: which one is chosen by the value of `n`."""


class UnknownWord(KeyError):
    """A key that the English catalogue does not have, or values that do not fit its text."""


class BadLanguage(ValueError):
    """A language file that cannot be read. The text is `file:line: what is wrong`."""


class Language(rx.State):
    """The language of this browser. Kept by the browser, so it is a wish, never a fact: unknown values read as English."""

    code: str = rx.LocalStorage(ENGLISH, name="pb-language", sync=True)

    @rx.event
    @public
    @acknowledged
    async def choose(self, code: str) -> None:
        """Switch the language of this browser's tabs. The sign-in page has the picker too."""
        if code in languages():
            self.code = code


def languages() -> dict[str, str]:
    """Code → the language's own name, English first. One file in the folder is one language."""
    names = {code: str(texts["language.name"]) for code, texts in catalogues().items()}
    return {ENGLISH: names.pop(ENGLISH)} | dict(sorted(names.items()))


def keys() -> frozenset[str]:
    """Every key there is."""
    return frozenset(catalogues()[ENGLISH])


@lru_cache(1)
def catalogues() -> dict[str, dict[str, Text]]:
    """Code → key → text, read once. Tables in a file are joined by dots: `[card] test = …` is `card.test`."""
    return {file.stem: read(file) for file in sorted(FOLDER.glob("*.toml"))}


def read(file: Path) -> dict[str, Text]:
    """The texts of one language file, flat. Raises `BadLanguage`."""
    flat: dict[str, Text] = {}
    try:
        _flatten(tomllib.loads(file.read_text("utf-8")), "", flat)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadLanguage(f"{file.name}:{found[1] if found else 1}: this is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise BadLanguage(f"{file.name}:1: the file cannot be read as UTF-8 text") from error
    return flat


def holes(text: Text) -> frozenset[str]:
    """The values a text asks for. Plural forms always ask for `n`."""
    if isinstance(text, str):
        return frozenset(_HOLE.findall(text))
    return frozenset({"n"}).union(*(_HOLE.findall(form) for form in text.values()))


def t(key: str, **values: object) -> rx.vars.StringVar:
    """The text of `key` in the reader's language. Values are Vars or plain; they fill the {holes} of the text."""
    _check(key, set(values))
    return _call(json.dumps(key), values)


def t_code(prefix: str, code: rx.Var | str, **values: object) -> rx.vars.StringVar:
    """The text of `prefix.<code>` where the code is known only in the browser. `prefix.unknown` is the answer to a code without a
    text. Values that one of the texts does not ask for are left unused."""
    _check(f"{prefix}.unknown", set())
    code = rx.Var.create(code)
    return _call(f"`{prefix}.${{{code!s}}}`", values, f'"{prefix}.unknown"', code)


def say(language: str, key: str, **values: object) -> str:
    """The text of `key` for a handler that tells the reader something."""
    _check(key, set(values))
    text = catalogues().get(language, {}).get(key) or catalogues()[ENGLISH][key]
    if not isinstance(text, str):
        text = text["one"] if values["n"] == 1 and "one" in text else text["other"]
    return _HOLE.sub(lambda hole: _written(language, hole[1], values[hole[1]]), text)


def number(language: str, value: float) -> str:
    """A number as the language writes it, with at most one digit behind the decimal sign, as `amount` in the browser."""
    texts = catalogues().get(language) or catalogues()[ENGLISH]
    signs = {",": str(texts["language.thousands"]), ".": str(texts["language.decimal"])}
    return "".join(signs.get(sign, sign) for sign in f"{round(value, 1):,}".removesuffix(".0"))


def say_code(language: str, prefix: str, code: str, **values: object) -> str:
    """`say` for a code that comes from the domain; `prefix.unknown` when there is no text for it."""
    key = f"{prefix}.{code}"
    if key not in keys():
        key = f"{prefix}.unknown"
    asked = holes(catalogues()[ENGLISH][key])
    return say(language, key, **{name: values.get(name, "") for name in asked})


def ago(at: rx.Var | str) -> rx.Component:
    """A time (ISO 8601) as "2 min ago", kept current, with the exact time on hover; a day (2027-12-31) as that day, wherever it is read."""
    return _Ago.create(at=at, language=Language.code)


def when(key: str, at: rx.Var | str, **values: object) -> rx.Component:
    """The text of `key` with `ago(at)` in its hole {when}: where a time stands in a sentence differs by language."""
    return _Ago.create(at=at, language=Language.code, sentence=t(key, when=_GAP, **values))


def amount(value: rx.Var | float | str) -> rx.vars.StringVar:
    """A number as the reader's language writes it."""
    return _js("amount", rx.Var.create(value))


def short(value: rx.Var | float) -> rx.vars.StringVar:
    """A large number in few signs, as the reader's language writes it."""
    return _js("short", rx.Var.create(value))


def money(value: rx.Var | float) -> rx.vars.StringVar:
    """US dollars as the reader's language writes them."""
    return _js("money", rx.Var.create(value))


def moment(at: rx.Var | str) -> rx.vars.StringVar:
    """A time (ISO 8601) as date and time of the reader's language and zone."""
    return _js("moment", rx.Var.create(at))


class _Ago(rx.Component):
    library = MODULE
    tag = "Ago"
    at: rx.Var[str]
    language: rx.Var[str]
    sentence: rx.Var[str]


class HtmlLang(rx.Component):
    """Tells the browser (`<html lang>`) which language the page speaks, from its first moment on. One per page."""

    library = MODULE
    tag = "HtmlLang"
    language: rx.Var[str]
    state: rx.Var[str]
    field: rx.Var[str]

    @classmethod
    def create(cls, *children: rx.Component, **props: object) -> "HtmlLang":
        """The component, bound to the language of this browser."""
        field = str(rx.Var.create(Language.code)).rpartition(".")[2]
        return super().create(*children, language=Language.code, state=Language.get_full_name(), field=field, **props)  # type: ignore[return-value] - Reflex says Component


def _written(language: str, hole: str, value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number(language, value) if is_number and hole not in NAMES else str(value)  # type: ignore[arg-type] - a number


def _check(key: str, given: set[str]) -> None:
    text = catalogues()[ENGLISH].get(key)
    if text is None:
        raise UnknownWord(f"languages/en.toml has no “{key}”")
    if given != holes(text):
        raise UnknownWord(f"“{key}” asks for {sorted(holes(text))}, given {sorted(given)}")


def _call(key: str, values: Mapping[str, object], fallback: str = '""', *more: rx.Var) -> rx.vars.StringVar:
    filled = rx.Var.create({name: value if isinstance(value, rx.Var | int | float) else str(value) for name, value in values.items()})
    return _js("tr", rx.Var(key), filled, rx.Var(fallback), also=more)


def _js(function: str, *arguments: rx.Var, also: tuple[rx.Var, ...] = ()) -> rx.vars.StringVar:
    """A call of one of our browser functions; the first argument of each is the language."""
    locale = rx.Var.create(Language.code)
    imported = VarData(imports={MODULE: [ImportVar(tag=function)]})
    data = VarData.merge(imported, *(part._get_all_var_data() for part in (locale, *arguments, *also)))
    listed = ", ".join(str(part) for part in (locale, *arguments))
    return rx.Var(f"{function}({listed})", _var_type=str, _var_data=data).to(str)


def _flatten(table: Mapping[str, object], path: str, into: dict[str, Text]) -> None:
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, str):
            into[key] = value
        elif isinstance(value, Mapping) and "other" in value and value.keys() <= _PLURAL:
            into[key] = {form: str(text) for form, text in value.items()}
        elif isinstance(value, Mapping):
            _flatten(value, key, into)
        else:
            raise UnknownWord(f"“{key}” is not a text")
