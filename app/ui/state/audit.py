"""The audit in this tab, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import reflex as rx

from app.domain.actor import ActorType
from app.domain.audit import Action, AuditItem, Outcome
from app.domain.capabilities import ABILITIES
from app.services import audit
from app.ui import words
from app.ui.state import address, days
from app.ui.state.acting import actor
from app.ui.state.gallery import preset_of
from app.ui.state.notices import answered, language
from app.ui.state.presses import busy

_GAP = "\ue000"
STEP = 50
LOOK = 5  # pages looked through for entries of a group before the reader has to ask for more
LISTED = 9  # values of a list that are spelled out; the ladder has nine rungs
TIMES = ("expires_at", "retire_at")  # ISO 8601; the first is a day to people
NO_NAMES: Mapping[str, str] = MappingProxyType({})
GROUPS: dict[str, tuple[str, ...]] = {
    "providers": ("provider:", "credential:", "alias:", "egress:", "discovery:"),
    "access": ("user:", "instance:setup"),
    "client_keys": ("client_key:",),
    "system": ("instance:", "master_key:", "registry:", "audit:"),
}
# Values that have words of their own.
NAMED = {
    "scope": "scope",
    "auth_type": "auth_type",
    "role": "role",
    "verdict": "verdict",
    "proven": "rung_ok",
    "type": "provider_type",
    "kind": "value",
    "source": "value",
    "state": "value",
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


class Audit(rx.State):
    """Newest first; older entries on request."""

    loaded: bool = False
    entries: list[Entry] = []
    group: str = "all"
    more: bool = False
    checking: bool = False
    checked: str = ""
    intact: bool = True
    _before: int | None = None

    @rx.var
    def query(self) -> str:
        """Which entries are shown, for the address."""
        return address.query(group=(self.group, "all"))

    @rx.event
    @answered
    async def arrive(self) -> None:
        """The newest of the entries that the address asks for."""
        asked = address.asked(self).get("group", "")
        self.group = asked if asked in GROUPS else "all"
        self.entries, self._before = [], None
        await self._read()
        self.loaded = True

    @rx.event
    @answered
    async def load(self) -> None:
        """The newest entries."""
        self.entries, self._before = [], None
        await self._read()
        self.loaded = True

    @rx.event
    @answered
    async def choose_group(self, group: str) -> None:
        """Entries of one kind."""
        self.group = group if group in GROUPS else "all"
        self.entries, self._before = [], None
        await self._read()

    @rx.event
    @answered
    async def older(self) -> None:
        """The entries before the ones that are shown."""
        await self._read()

    @rx.event(background=True)
    @answered
    async def verify(self) -> None:
        """Follow the whole chain."""
        async with busy(self, Audit, "checking") as is_free:
            if not is_free:
                return
            async with self:
                self.checked = ""
                who, spoken = await actor(self), await language(self)
            verdict = await audit.verify(who)
        async with self:
            self.intact = verdict.ok
            self.checked = (
                words.say(spoken, "audit.verified", n=verdict.checked)
                if verdict.ok
                else words.say(spoken, "audit.broken", seq=verdict.first_bad)
            )

    async def _read(self) -> None:
        who, spoken = await actor(self), await language(self)
        found: list[Entry] = []
        for _ in range(LOOK):
            page = await audit.page(who, before_seq=self._before, limit=STEP)
            found += [entry(item, spoken) for item in page.items if self.group == "all" or _is_in(item.action, self.group)]
            self._before = int(page.next_cursor) if page.next_cursor else None
            if self._before is None or len(found) >= STEP:
                break
        self.entries = [*self.entries, *found]
        self.more = self._before is not None


def entry(item: AuditItem, language: str, keys: Mapping[str, str] = NO_NAMES) -> Entry:
    """An entry in the reader's words. `keys`: id → name of the keys that the reader knows."""
    what, hole, rest = _sentence(item, language).partition(_GAP)
    return Entry(
        seq=item.seq,
        at=item.at.isoformat(),
        who=item.actor.name or words.say(language, "audit.by_anonymous" if item.actor.type == ActorType.ANONYMOUS else "audit.by_system"),
        what=what,
        target=_target(item, language) if hole else "",
        rest=rest,
        changes=[line for f, change in item.changes.items() if (line := _line(f, _named(f, change, keys), language))],
        outcome=item.outcome.value,
    )


def _named(field: str, change: Any, keys: Mapping[str, str]) -> Any:
    """A key by its name where that is known: its id says nothing to a reader."""
    return keys.get(change, change) if field == "credential" and isinstance(change, str) else change


def _sentence(item: AuditItem, language: str) -> str:
    """What was done, with a gap where its target stands: which place that is differs by language."""
    action = item.action.replace(":", "_")
    if item.action == Action.PROVIDER_DEFAULT and item.changes.get("default", {}).get("after", "") is None:
        action = "provider_default_clear"
    return words.say_of(language, "action", action, target=_GAP)


def _target(item: AuditItem, language: str) -> str:
    """What it was done to."""
    if item.target.type == "user" and not item.target.id:  # what was typed is not kept: people type passwords into the wrong field
        return words.say(language, "audit.unknown_account")
    if item.action == Action.PROVIDER_TEST_MANY and not item.target.name:
        return words.say(language, "audit.several_providers")
    return item.target.name or item.target.id


def _is_in(action: str, group: str) -> bool:
    first = next((g for g, heads in GROUPS.items() if action.startswith(heads)), "system")
    return first == group


def _line(field: str, change: Any, language: str) -> str:
    """One changed field; a credential by what was done with it, never by its value."""
    if field in ("version", "credential_id"):
        return ""
    name = words.say_of(language, "configuration", field)
    match change:
        case {"op": op}:
            return words.say_of(language, "audit.key", str(op))
        case {"before": before, "after": after} if _is_empty(before) and _is_empty(after):
            return ""
        case {"before": None, "after": after}:
            return words.say(language, "audit.set_to", field=name, after=_value(after, language, field))
        case {"before": before, "after": after}:
            was, now = _value(before, language, field), _value(after, language, field)
            return words.say(language, "audit.changed_to", field=name, before=was, after=now)
        case {"added": added}:
            removed = change.get("removed", [])
            return f"{name}: +{len(added)} −{len(removed)}" if added or removed or "removed" in change else ""
        case _ if _is_empty(change):
            return ""
        case _:
            return words.say(language, "audit.set_to", field=name, after=_value(change, language, field))


def _value(value: Any, language: str, field: str) -> str:
    if field in NAMED and isinstance(value, str) and f"{NAMED[field]}.{value}" in words.keys():  # noqa: SIM118 - a function
        return words.say_of(language, NAMED[field], value)
    if field == "state" and isinstance(value, str) and f"key_state.{value}" in words.keys():  # noqa: SIM118 - a function
        return words.say_of(language, "key_state", value)
    if field in TIMES and isinstance(value, str) and value:
        return days.day_in(value) if field == "expires_at" else days.moment(value)
    if field == "preset" and isinstance(value, str) and (known := preset_of(value)):
        return known.label
    match value:
        case True | False:
            return words.say(language, "common.yes" if value else "common.no")
        case _ if _is_empty(value):
            return words.say(language, "audit.nothing")
        case int() | float():
            return words.number(language, value)
        case list():
            shown = words.say(language, "common.comma").join(_value(v, language, field) for v in value[:LISTED])
            return f"{shown} …" if len(value) > LISTED else shown
        case dict():
            named = (words.say(language, "audit.set_to", field=_part(k, language), after=_value(v, language, k)) for k, v in value.items())
            return words.say(language, "common.comma").join(named)
        case _:
            return str(value)


def _is_empty(value: Any) -> bool:
    return value in (None, "", [], {})


def _part(name: str, language: str) -> str:
    """A part of a value that has parts, in the reader's words where there are some."""
    for prefix in ("capability", "auth", "configuration"):
        if f"{prefix}.{name}" in words.keys():  # noqa: SIM118 - a function
            return words.say_of(language, prefix, name)
    return name


DENIED = Outcome.DENIED.value
FAILED = Outcome.FAILED.value
