"""Entries of the audit in the reader's words: names instead of ids and short names, sentences instead of codes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from app.domain.actor import ActorType
from app.domain.audit import Action, AuditItem
from app.domain.probes.probe import StepName, Verdict
from app.domain.providers.capabilities import ABILITIES
from app.services.audit import Names
from app.ui import i18n
from app.ui.i18n import days
from app.ui.presets.gallery import preset_of

_GAP = "\ue000"
LISTED = 9  # values of a list that are spelled out; the ladder has nine rungs
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REFUSED = re.compile(r"refused(?: \((\d{3})\))?")
_TARGET = re.compile(r"(\d+)\. (.+) ×(\d+)")  # of an alias: priority, selector, weight
_HIDDEN = ("version", "credential_id")  # the one counts saves, the other is named by `key`
_TIMES = ("expires_at", "retire_at")  # ISO 8601; the first is a day to people, but of a token
_LIMITS = ("requests_per_minute", "concurrent")  # 0 = none
_PROVIDERS = ("providers", "of")  # values are short names of providers
# Values that have words of their own.
_NAMED = {
    "scope": "scope",
    "auth_type": "auth_type",
    "role": "role",
    "verdict": "verdict",
    "proven": "rung_ok",
    "type": "provider_type",
    "kind": "value",
    "source": "value",
    "error": "error",
    **dict.fromkeys(ABILITIES, "support"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry in words: `who`, then `what`, `target` and `rest`, which read as one sentence. `changes` are lines; `outcome`: ok,
    denied or failed."""

    seq: int
    at: str
    who: str
    what: str
    target: str
    rest: str
    changes: list[str]
    outcome: str


def entries(items: Sequence[AuditItem], language: str, names: Names) -> list[Entry]:
    """The entries, in the order they came."""
    return [entry(item, language, names) for item in items]


def named_in(items: Iterable[AuditItem]) -> set[str]:
    """Every id in them."""
    found: set[str] = set()
    for item in items:
        found |= {item.target.id, *_ids(item.changes)} - {""}
    return found


def entry(item: AuditItem, language: str, names: Names) -> Entry:
    """An entry in the reader's words."""
    told = _Told(item, language, names)
    what, hole, rest = told.sentence().partition(_GAP)
    target = told.target() if hole else ""
    return Entry(
        seq=item.seq,
        at=item.at.isoformat(),
        who=item.actor.name or i18n.say(language, "audit.by_anonymous" if item.actor.type == ActorType.ANONYMOUS else "audit.by_system"),
        what=what.rstrip() if _is_wide(target[:1]) and _is_wide(what.rstrip()[-1:]) else what,
        target=target,
        rest=rest.lstrip() if _is_wide(target[-1:]) and _is_wide(rest.lstrip()[:1]) else rest,
        changes=[line for field, change in item.changes.items() if (line := told.line(field, change))],
        outcome=item.outcome.value,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    item: AuditItem
    language: str
    names: Names

    def sentence(self) -> str:
        """What was done, with a gap where its target stands: which place that is differs by language."""
        action = self.item.action.replace(":", "_")
        if self.item.action == Action.PROVIDER_DEFAULT and self.item.changes.get("default", {}).get("after", "") is None:
            action = "provider_default_clear"
        return i18n.say_code(self.language, "action", action, target=_GAP)

    def target(self) -> str:
        """What it was done to."""
        target = self.item.target
        if target.type == "user" and not target.id:  # what was typed is not kept: people type passwords into the wrong field
            return i18n.say(self.language, "audit.unknown_account")
        if target.type == "permission":
            return i18n.say(self.language, "audit.admins_only")
        if self.item.action == Action.PROVIDER_TEST_MANY and not target.name:
            return i18n.say(self.language, "audit.several_providers")
        if target.type == "provider":
            return self.names.of_id.get(target.id) or self.names.of_provider.get(target.name) or target.name or self._gone()
        return target.name or self.names.of_id.get(target.id) or self._gone()

    def line(self, field: str, change: object) -> str:
        """One changed field; a credential by what was done with it, never by its value."""
        if field in _HIDDEN:
            return ""
        name = i18n.say_code(self.language, "configuration", field)
        match change:
            case {"op": op}:
                return i18n.say_code(self.language, "audit.key", str(op))
            case {"before": before, "after": after} if _is_empty(before) and _is_empty(after):
                return ""
            case {"before": None, "after": after}:
                return i18n.say(self.language, "audit.set_to", field=name, after=self._value(after, field))
            case {"before": before, "after": after}:
                was, now = self._value(before, field), self._value(after, field)
                return i18n.say(self.language, "audit.changed_to", field=name, before=was, after=now)
            case {"added": added, **rest}:
                return self._moved(name, added, rest.get("removed", []))
            case _ if _is_empty(change):
                return ""
            case _:
                return i18n.say(self.language, "audit.set_to", field=name, after=self._value(change, field))

    def _moved(self, name: str, added: Sequence[str], removed: Sequence[str]) -> str:
        """What came to a list and what left it, by name."""
        parts = [i18n.say(self.language, "audit.added", names=self._listed(added, ""))] if added else []
        parts += [i18n.say(self.language, "audit.removed", names=self._listed(removed, ""))] if removed else []
        said = i18n.say(self.language, "audit.and_then").join(parts)
        return i18n.say(self.language, "audit.set_to", field=name, after=said) if parts else ""

    def _value(self, value: object, field: str) -> str:
        match value:
            case True | False:
                return i18n.say(self.language, "common.yes" if value else "common.no")
            case 0 if field in _LIMITS:
                return i18n.say(self.language, "form.no_limit")
            case _ if _is_empty(value):
                return i18n.say(self.language, "audit.nothing")
            case int() | float():
                return i18n.number(self.language, value)
            case str():
                return self._text(value, field)
            case list():
                return self._listed(value, field)
            case dict():
                return i18n.say(self.language, "common.comma").join(
                    i18n.say(self.language, "audit.set_to", field=_part(k, self.language), after=self._value(v, k))
                    for k, v in value.items()
                )
            case _:
                return str(value)

    def _listed(self, values: Sequence[object], field: str) -> str:
        shown = i18n.say(self.language, "common.comma").join(self._value(v, field) for v in values[:LISTED])
        return f"{shown} …" if len(values) > LISTED else shown

    def _text(self, value: str, field: str) -> str:
        for family in ("key_state", "value"):
            if field == "state" and i18n.has(f"{family}.{value}"):
                return i18n.say_code(self.language, family, value)
        if field == "verdict" and value == Verdict.NO_MODEL_LIST and StepName.CHAT in self.item.changes.get("proven", ()):
            value = Verdict.OK  # as the ladder says it: a list is not missed where a model answers
        if field in _NAMED and i18n.has(f"{_NAMED[field]}.{value}"):
            return i18n.say_code(self.language, _NAMED[field], value)
        if field in _TIMES:
            is_day = field == "expires_at" and self.item.action != Action.CREDENTIAL_TOKEN_FETCH
            return days.day_in(value) if is_day else days.moment(value)
        if field == "preset" and (known := preset_of(value)):
            return known.label
        if field in _PROVIDERS or (field == "not_passed" and self.item.action == Action.PROVIDER_TEST_MANY and not self.item.target.name):
            return self.names.of_provider.get(value, value)
        if field == "targets" and (target := _TARGET.fullmatch(value)):
            return i18n.say(self.language, "audit.target", selector=target[2], priority=target[1], weight=target[3])
        if field == "reason" and (refused := _REFUSED.fullmatch(value)):
            status = refused[1]
            return i18n.say(self.language, "audit.refused_with", status=status) if status else i18n.say(self.language, "audit.refused")
        return self.names.of_id.get(value) or self._gone() if _ID.fullmatch(value) else value

    def _gone(self) -> str:
        return i18n.say(self.language, "audit.gone")


def _is_wide(character: str) -> bool:
    """Whether it is a Chinese one: between two of them stands no space, only beside Latin letters and figures."""
    return east_asian_width(character or " ") == "W"


def _ids(value: object) -> set[str]:
    match value:
        case str():
            return {value} if _ID.fullmatch(value) else set()
        case dict():
            return set().union(*map(_ids, value.values()))
        case list():
            return set().union(*map(_ids, value))
        case _:
            return set()


def _is_empty(value: object) -> bool:
    return value in (None, "", [], {})


def _part(name: str, language: str) -> str:
    """A part of a value that has parts, in the reader's words where there are some."""
    for prefix in ("capability", "auth", "configuration"):
        if i18n.has(f"{prefix}.{name}"):
            return i18n.say_code(language, prefix, name)
    return name
