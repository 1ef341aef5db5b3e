"""Every text fits its call, over the whole source: a call names texts that exist and gives what they ask for, and no text is left over.

`t("key", …)`, `when("key", at, …)` and `say(language, "key", …)` name a text, or a few of them; `t_code("prefix", code, …)` and
`say_code` name a family, of which the code picks one. Where a key is put together, everything that it can become is looked at
(`tests/laws/source.py`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from app.domain.actor import Role, Scope
from app.domain.audit import Action
from app.domain.credentials.credential import Held, KeyState
from app.domain.errors import PatchbayError
from app.domain.pasting.pasted import Doubt
from app.domain.probes.probe import FixAction, StepName, Verdict
from app.domain.providers.address import AddressNote
from app.domain.providers.capabilities import ABILITIES
from app.domain.providers.explanation import SkipCode
from app.domain.providers.provider import ProviderType, Status
from app.domain.usage import By
from app.probe import diagnoses
from app.ui import i18n
from app.ui.pages.provider.keys.provider_keys import _SETTABLE
from app.ui.pages.start.wizard import STEPS
from app.upstream import auth
from tests.laws import source

ROOT = Path(__file__).parents[2]
DOORS = {"t": 0, "when": 0, "t_code": 0, "say": 1, "say_code": 1}
FAMILIES_OF = ("t_code", "say_code")
UNKNOWN = "unknown"  # what a family answers to a code that has no text
NAMED_BY_ITSELF = {"language.name", "language.tag", "recovery_kit.text"}  # read by the room of the languages, and by a service

_FIELDS = {f.name for kind in auth.types().values() for f in kind.fields}


def _errors(kind: type[PatchbayError] = PatchbayError) -> set[str]:
    return {kind.code}.union(*(_errors(each) for each in kind.__subclasses__()))


@cache
def _with_reasons() -> tuple[source.Module, ...]:
    """The files that may name a reason: the others need not be parsed."""
    return tuple(module for module in source.read(ROOT, "app").modules if "Reason(" in module.text or "refuse(" in module.text)


def _codes_of_reasons(module: source.Module) -> Iterator[object]:
    """The first argument of every `Reason`, and of the helpers that raise one."""
    for call in module.calls:
        if getattr(call.func, "id", "") in ("Reason", "refuse") and call.args and isinstance(call.args[0], ast.Constant):
            yield call.args[0].value


# Family → the codes that ask it, each of which has a text.
CODES: dict[str, set[str]] = {
    "action": {*(action.replace(":", "_") for action in Action), "provider_default_clear"},
    "auth": _FIELDS,
    "auth_type": set(auth.types()),
    "error": _errors(),
    "fix": {*FixAction, *diagnoses.labels()},
    "form.note": {*AddressNote, "at_root"},
    "key_state": {*KeyState, *Held},
    "key_done": set(_SETTABLE),
    "paste.note": set(Doubt),
    "provider_type": set(ProviderType),
    "role": set(Role),
    "rung_failed": set(StepName),
    "rung_noted": set(StepName),
    "rung_ok": set(StepName),
    "scope": set(Scope),
    "skip": set(SkipCode),
    "start.step": set(STEPS),
    "status": set(Status),
    "usage.by": set(By),
    "usage.none": set(By),
    "verdict": set(Verdict),
}
# Family → codes of which some need no text of their own: the place that asks looks first, or shows nothing.
SOME_OF: dict[str, set[str]] = {
    "auth_help": {*_FIELDS, UNKNOWN},
    "capability": set(ABILITIES),
    "reason": {str(code) for module in _with_reasons() for code in _codes_of_reasons(module)},
    "probe": set(diagnoses.all_()),
    "step": set(diagnoses.all_()),
}


@dataclass(frozen=True)
class Named:
    """A call of a door: what it names, and the values it gives (None: those of a record of the domain)."""

    where: str
    door: str
    names: frozenset[str]
    given: frozenset[str] | None


def named_in(sources: source.Source) -> tuple[list[Named], list[str]]:
    """Every call of a door, and those whose key cannot be traced."""
    found, lost = [], []
    for module in sources.modules:
        if module.name == i18n.__name__:
            continue  # the doors themselves
        for call, door in _calls(module):
            where = f"{module.name}:{call.lineno} {ast.unparse(call)[:90]}"
            try:
                names = sources.values(module, call.args[DOORS[door]])
            except source.Unknown as error:
                lost.append(f"{where} ({error}): write the keys out, or give the parameter a closed type")
            else:
                found.append(Named(where, door, frozenset(map(str, names)), _given(module, call, door)))
    return found, lost


def _calls(module: source.Module) -> Iterator[tuple[ast.Call, str]]:
    for call in module.calls:
        match call.func:
            case ast.Name(id=door) if door in DOORS and getattr(module.globals.get(door), "__module__", "") == i18n.__name__:
                yield call, door
            case ast.Attribute(value=ast.Name(id=owner), attr=door) if door in DOORS and module.globals.get(owner) is i18n:
                yield call, door


def _given(module: source.Module, call: ast.Call, door: str) -> frozenset[str] | None:
    given = source.given(module, call)
    return given | {"when"} if given is not None and door == "when" else given  # its second argument


def misfits(calls: list[Named], texts: dict[str, i18n.Text]) -> list[str]:
    """What is wrong with the calls: a text that is missing, a place without a value, a value without a place."""
    wrong = []
    for call in calls:
        for name in sorted(call.names):
            if call.door in FAMILIES_OF:
                wrong += [f"{call.where}: {why}" for why in _family_misfits(call, name, texts)]
            elif (text := texts.get(name)) is None:
                wrong.append(f"{call.where}: there is no text “{name}”")
            elif call.given != i18n.holes(text):
                wrong.append(f"{call.where}: “{name}” asks for {sorted(i18n.holes(text))}, given {sorted(call.given or ())}")
    return wrong


def _family_misfits(call: Named, family: str, texts: dict[str, i18n.Text]) -> Iterator[str]:
    if f"{family}.{UNKNOWN}" not in texts and family not in SOME_OF:
        yield f"there is no “{family}.{UNKNOWN}”"
    for key in sorted(members(family, texts)) if call.given is not None else ():
        if missing := i18n.holes(texts[key]) - call.given:
            yield f"“{key}” asks for {sorted(missing)}, which the call does not give"


def members(family: str, texts: dict[str, i18n.Text]) -> set[str]:
    """The keys that a code can pick in a family. Where its codes are not a set of the domain: every key of it."""
    own = {key for key in texts if key.startswith(f"{family}.") and "." not in key.removeprefix(f"{family}.")}
    if (codes := CODES.get(family) or SOME_OF.get(family)) is None:
        return own
    return own & {f"{family}.{code}" for code in codes | ({UNKNOWN} if family in CODES else set())}


def left_over(calls: list[Named], texts: dict[str, i18n.Text], also: set[str]) -> set[str]:
    """Keys that nothing names."""
    direct = {name for call in calls if call.door not in FAMILIES_OF for name in call.names}
    families = {name for call in calls if call.door in FAMILIES_OF for name in call.names}
    return set(texts) - direct - also - {key for family in families for key in members(family, texts)}


@cache
def console() -> tuple[list[Named], list[str]]:
    """Every call of the console."""
    import app.main  # noqa: F401 - builds all pages, so that what a page module names exists

    return named_in(source.read(ROOT, "app.ui"))


@cache
def in_browser() -> list[tuple[str, frozenset[str]]]:
    """Key and values of every text that our own scripts name."""
    scripts = [file.read_text("utf-8") for file in (ROOT / "app/ui").rglob("*.js")]
    found = [match for text in scripts for match in re.finditer(r'\btr\(language, "([\w.]+)"(?:, \{([^}]*)\})?', text)]
    return [(match[1], frozenset(part.split(":")[0].strip() for part in (match[2] or "").split(",") if part.strip())) for match in found]


@cache
def in_tables() -> set[str]:
    """Every text that a table of our own scripts names: `const TEXTS = {…}`, code → key."""
    scripts = [file.read_text("utf-8") for file in (ROOT / "app/ui").rglob("*.js")]
    return {key for text in scripts for table in re.findall(r"const TEXTS = \{([^}]*)\}", text) for key in re.findall(r'"([\w.]+)"', table)}


ENGLISH = i18n.catalogues()[i18n.ENGLISH]


def test_every_key_can_be_traced_from_its_call() -> None:
    assert console()[1] == []


def test_every_call_names_texts_that_exist_and_gives_what_they_ask_for() -> None:
    assert len(console()[0]) > 500
    wrong = misfits(console()[0], ENGLISH)
    assert not wrong, "\n".join(wrong)


def test_our_scripts_name_texts_that_exist_and_give_what_they_ask_for() -> None:
    assert len(in_browser()) > 3
    assert len(in_tables()) > 3
    assert in_tables() - ENGLISH.keys() == set()
    assert [(key, given) for key, given in in_browser() if key not in ENGLISH or i18n.holes(ENGLISH[key]) != given] == []


def test_no_text_is_left_over() -> None:
    assert left_over(console()[0], ENGLISH, {key for key, _ in in_browser()} | in_tables() | NAMED_BY_ITSELF) == set()


@pytest.mark.parametrize("family", CODES)
def test_every_code_of_the_domain_has_a_text(family: str) -> None:
    assert {f"{family}.{code}" for code in {*CODES[family], UNKNOWN}} - ENGLISH.keys() == set()


def test_what_a_finding_says_asks_for_nothing_that_the_finding_does_not_know() -> None:
    known = {f"probe.{code}": set(finding.facts) for code, finding in diagnoses.all_().items()}
    titles: dict[str, set[str]] = {f"step.{code}": set() for code in diagnoses.all_()}

    asked = {key: i18n.holes(ENGLISH[key]) - facts for key, facts in (known | titles).items() if key in ENGLISH}
    assert {key: more for key, more in asked.items() if more} == {}


def test_a_reason_gives_what_its_sentence_asks_for() -> None:
    wrong = []
    for module in _with_reasons():
        for call in module.calls:
            if getattr(call.func, "id", "") == "Reason" and len(call.args) == 2 and isinstance(call.args[1], ast.Constant):
                given = source.given(module, call)
                if given is not None and given != _places(str(call.args[1].value)):
                    wrong.append(f"{module.name}:{call.lineno} {ast.unparse(call)[:120]}")
    assert wrong == []


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


PLANTED = """
def page(has: bool, state: Literal["on", "off"]):
    t("common.save", n=1)
    t("no.such")
    words.say(language, "done.saved" if has else "common.save", name="x")
    for part in PARTS:
        field(part)
    t(f"planted.{state}")
    t_code("planted", code)
    counted = {"live": 1, "n": 2}
    t("planted.counted", **counted)
    t(anything())

def field(label):
    t(f"planted.part_{label}")
"""


def test_a_planted_breach_is_found() -> None:
    from typing import Literal

    texts: dict[str, i18n.Text] = {
        "common.save": "Save",
        "done.saved": "{name} saved",
        "planted.on": "On",
        "planted.off": "Off since {when}",
        "planted.part_a": "A",
        "planted.counted": "{live} of {n}",
        "planted.spare": "Spare",
        "left.over": "Nobody says this",
    }
    scope = {"t": i18n.t, "t_code": i18n.t_code, "words": i18n, "PARTS": ("a", "b"), "Literal": Literal, "__builtins__": {}}
    scope |= {"page": lambda: None, "field": lambda: None}
    calls, lost = named_in(source.Source((source.Module("planted", PLANTED, scope),)))

    assert [line.split(" ")[1] for line in lost] == ["t(anything())"]
    assert [(line.split(" ")[0], line.partition(": ")[2]) for line in misfits(calls, texts)] == [
        ("planted:3", "“common.save” asks for [], given ['n']"),
        ("planted:4", "there is no text “no.such”"),
        ("planted:5", "“common.save” asks for [], given ['name']"),
        ("planted:8", "“planted.off” asks for ['when'], given []"),
        ("planted:9", "there is no “planted.unknown”"),
        ("planted:9", "“planted.counted” asks for ['live', 'n'], which the call does not give"),
        ("planted:9", "“planted.off” asks for ['when'], which the call does not give"),
        ("planted:15", "there is no text “planted.part_b”"),
    ]
    assert left_over(calls, texts, set()) == {"left.over"}
