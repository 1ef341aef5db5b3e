"""The list of providers in this tab: what is shown, found, switched, deleted. Rebuilt from the service on every change anywhere."""

from collections.abc import Iterable

import reflex as rx

from app.domain.actor import Role
from app.domain.provider import Provider, ProviderQuery, Status
from app.services import providers
from app.ui import words
from app.ui.permission import requires
from app.ui.state.acting import actor
from app.ui.state.cards import Card, card
from app.ui.state.gallery import preset_of
from app.ui.state.notices import answered, language, tell

STEP = 50  # cards drawn at once; more on request
MOST = 1_000  # providers looked at
CHANGES = 8  # up to so many changed cards are sent by themselves, more send the page anew
TABLE_FROM = 21
GROUPS: dict[str, frozenset[Status]] = {
    "working": frozenset({Status.WORKING, Status.KEY_ACCEPTED}),
    "attention": frozenset({Status.ATTENTION, Status.DOWN, Status.LIMITED, Status.UNREADABLE}),
    "not_tested": frozenset({Status.NOT_TESTED}),
    "off": frozenset({Status.OFF}),
}


class Providers(rx.State):
    """`page` holds the cards as they were loaded, `fresh` those that changed since (by id), so that one change sends one card."""

    loaded: bool = False
    page: list[Card] = []
    fresh: dict[str, Card] = {}
    total: int = 0
    in_use: int = 0  # switched on
    matching: int = 0
    working: int = 0
    attention: int = 0
    untested: int = 0
    checked_at: str = ""
    search: str = ""
    group: str = "all"
    view: str = ""  # grid or table; "" = by number
    deleting: Card | None = None
    _all: list[Card] = []
    _room: int = STEP

    @rx.var
    def as_table(self) -> bool:
        """Whether the list is drawn as a table."""
        return self.view == "table" or (self.view == "" and self.total >= TABLE_FROM)

    @rx.event
    @answered
    async def load(self) -> None:
        """Look anew: when the page opens, and whenever anything changed anywhere."""
        who, spoken = await actor(self), await language(self)
        found: list[Provider] = []
        cursor = None
        while len(found) < MOST:
            page = await providers.list_(who, ProviderQuery(limit=100, cursor=cursor))
            found += page.items
            if (cursor := page.next_cursor) is None:
                break
        self._all = [card(p, preset_of(p.preset), spoken) for p in found]
        self._count()
        self._present()
        self.loaded = True

    @rx.event
    async def find(self, text: str) -> None:
        """Show what matches the search."""
        self.search, self._room = text[:100], STEP
        self._present()

    @rx.event
    async def choose_group(self, group: str) -> None:
        """Show the providers of one status group."""
        self.group, self._room = group if group in GROUPS else "all", STEP
        self._present()

    @rx.event
    async def choose_view(self, view: str) -> None:
        """Grid or table."""
        self.view = view if view in ("grid", "table") else ""

    @rx.event
    async def show_everything(self) -> None:
        """Forget search and filter."""
        self.search, self.group, self._room = "", "all", STEP
        self._present()

    @rx.event
    async def show_more(self) -> None:
        """Draw the next cards."""
        self._room += STEP
        self._present()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def switch(self, name: str, on: bool) -> None:
        """Enable or disable a provider."""
        who, spoken = await actor(self), await language(self)
        provider = await (providers.enable(who, name) if on else providers.disable(who, name))
        self._replace(card(provider, preset_of(provider.preset), spoken))
        await tell(self, "success", words.say(spoken, "done.enabled" if on else "done.disabled", name=provider.label))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def make_default(self, name: str) -> None:
        """Requests that name no provider go to this one."""
        provider = await providers.set_default(await actor(self), name)
        await tell(self, "success", words.say(await language(self), "done.default", name=provider.label))

    @rx.event
    async def ask_delete(self, provider_id: str) -> None:
        """Open the question whether to delete."""
        self.deleting = next((c for c in self._all if c.id == provider_id), None)

    @rx.event
    async def keep(self, _open: bool = False) -> None:
        """Close the question, nothing deleted."""
        self.deleting = None

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def delete(self) -> None:
        """Move the provider in question to the trash."""
        if (doomed := self.deleting) is None:
            return
        self.deleting = None
        await providers.delete(await actor(self), doomed.name)
        self._all = [c for c in self._all if c.id != doomed.id]
        self._count()
        self._present()
        await tell(self, "success", words.say(await language(self), "done.deleted", name=doomed.label))

    def _replace(self, changed: Card) -> None:
        self._all = [changed if c.id == changed.id else c for c in self._all]
        self._count()
        self._present()

    def _count(self) -> None:
        self.total = len(self._all)
        self.in_use = self.total - _within(self._all, "off")
        self.working = _within(self._all, "working")
        self.attention = _within(self._all, "attention")
        self.untested = _within(self._all, "not_tested")
        self.checked_at = max((c.tested_at for c in self._all), default="")

    def _present(self) -> None:
        """Put the right cards on the page, sending only those that changed when the page stays the same."""
        needle = self.search.strip().lower()
        found = [c for c in self._all if (self.group == "all" or c.status in GROUPS[self.group]) and needle in _haystack(c)]
        self.matching = len(found)
        wanted = found[: self._room]
        if [c.id for c in wanted] == [c.id for c in self.page]:
            changed = {new.id: new for new, old in zip(wanted, self.page, strict=True) if new != old}
            if len(changed) <= CHANGES:
                if changed != self.fresh:
                    self.fresh = changed
                return
        self.page, self.fresh = wanted, {}


def _within(cards: Iterable[Card], group: str) -> int:
    return sum(c.status in GROUPS[group] for c in cards)


def _haystack(c: Card) -> str:
    return f"{c.label} {c.name} {c.kind} {c.address}".lower()
