"""The one door for every text a person reads: `t()` on a page, `say()` in a handler.

The texts are in `app/languages`; English is the measure. Auth types, findings and pages may bring their own English with them. A key that
English does not have, or values that its text does not ask for, fail the build, which names all of them, and never a visitor.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

from app import languages as files
from app.languages import ENGLISH, BadLanguage, Text, fill, holes, number
from app.probe import diagnoses
from app.ui.permission import public
from app.ui.presses import acknowledged
from app.upstream import auth

__all__ = ["ENGLISH", "BadLanguage", "Text", "holes", "number"]

MODULE = "$/utils/i18n"  # written by `own_files`
_GAP = "\ue000"  # stands for {when} until the browser puts the time there; no text and no name has this character

_of_pages: dict[str, tuple[str, str]] = {}  # key → English text, the page that brought it
_misfits: dict[str, None] = {}  # what the pages that were drawn until now asked for in vain, in its order


class UnknownWord(LookupError):
    """A key that the English catalogue does not have, or values that do not fit its text. The text is `file:line: what is wrong`."""


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
    return {code: language.name for code, language in files.shipped().items()}


def keys() -> frozenset[str]:
    """Every key there is."""
    return frozenset(catalogues()[ENGLISH])


def has(key: str) -> bool:
    """Whether there is a text of this key."""
    return key in catalogues()[ENGLISH]


@cache
def catalogues() -> dict[str, dict[str, Text]]:
    """Code → key → text. English stands where a language has no text, or one that does not fit."""
    english = {**files.shipped()[ENGLISH].texts, **{key: text for key, text, _ in _brought()}}
    return {code: {**english, **files.fitting(own, english)} for code, own in files.shipped().items()}


def bring(texts: Mapping[str, str], page: str) -> None:
    """English texts that a page has in its own file."""
    _of_pages.update({key: (text, page) for key, text in texts.items()})
    catalogues.cache_clear()


def check() -> None:
    """Raise `UnknownWord` or `BadLanguage` with everything that does not fit, one line each: what the pages that were drawn ask for in
    vain, what language files say beside the English texts."""
    if _misfits:
        raise UnknownWord("\n".join(_misfits))
    if wrong := [line for own in files.shipped().values() for line in files.misfits(own, catalogues()[ENGLISH])]:
        raise BadLanguage("\n".join(wrong))


def _brought() -> Iterator[tuple[str, str, str]]:
    """Key, English text and place of what stands beside the code that it belongs to."""
    told: dict[str, tuple[str, str]] = {key: (str(text), "en.toml") for key, text in files.shipped()[ENGLISH].texts.items()}
    for key, text, place in [*_of_auth_types(), *_of_findings(), *((key, *text) for key, text in _of_pages.items())]:
        known, first = told.setdefault(key, (text, place))
        if known != text:
            raise BadLanguage(f"{place}: “{key}” is “{known}” in {first} already: use the same words, or another name")
        yield key, text, place


def _of_findings() -> Iterator[tuple[str, str, str]]:
    """What pages say of a finding, where they have no other words for it than REST."""
    known = files.shipped()[ENGLISH].texts
    said = {f"probe.{code}": text for code, text in diagnoses.sentences().items()}
    said |= {f"fix.{code}": text for code, text in diagnoses.labels().items()}
    yield from ((key, text, "app/probe/diagnoses") for key, text in said.items() if key not in known)


def _of_auth_types() -> Iterator[tuple[str, str, str]]:
    for kind in auth.types().values():
        place = f"app/upstream/auth/{kind.info.name}.py"
        yield f"auth_type.{kind.info.name}", kind.info.label, place
        for asked in kind.fields:
            yield f"auth.{asked.name}", asked.label, place
            if asked.help:
                yield f"auth_help.{asked.name}", asked.help, place
            yield from ((f"auth_option.{asked.name}_{value}", label, place) for value, label in asked.options.items())


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
    if wrong := _misfit(key, set(values)):
        raise UnknownWord(wrong)
    code = language if language in catalogues() else ENGLISH
    return fill(code, catalogues()[code][key], values)


def say_code(language: str, prefix: str, code: str, **values: object) -> str:
    """`say` for a code that comes from the domain; `prefix.unknown` when there is no text for it."""
    key = f"{prefix}.{code}"
    if not has(key):
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


def _misfit(key: str, given: set[str]) -> str:
    """What is wrong with this key or its values, "" when they fit."""
    text = catalogues()[ENGLISH].get(key)
    if text is None:
        return f"there is no text “{key}”: add it to app/languages/en.toml, or to the texts of the page"
    return "" if given == holes(text) else f"“{key}” asks for {sorted(holes(text))}, given {sorted(given)}"


def _check(key: str, given: set[str]) -> None:
    """Remember what does not fit, with the line that asks for it: a build tells all of them, not the first."""
    if wrong := _misfit(key, given):
        asking = sys._getframe()
        while asking.f_code.co_filename == __file__ and asking.f_back:
            asking = asking.f_back
        file = Path(asking.f_code.co_filename)
        place = file.relative_to(files.ROOT) if file.is_relative_to(files.ROOT) else file
        _misfits[f"{place.as_posix()}:{asking.f_lineno}: {wrong}"] = None


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
