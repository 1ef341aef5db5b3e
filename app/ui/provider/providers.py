"""The list of providers in this tab: what is shown, found, switched, deleted.

Everything is read once; afterwards only what changed is read, and only what differs is sent. The page holds a window of the list.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.services import providers
from app.ui import i18n
from app.ui.kit import dialogs, url_query
from app.ui.permission import requires
from app.ui.presses import quiet
from app.ui.provider import dependants, next_default_state
from app.ui.provider.card import Card
from app.ui.provider.dependants import DELETE, Warned
from app.ui.provider.listing import ANY, GROUPS, SORTS, Listed, Wish, difference, listed, within
from app.ui.provider.next_default_state import NextDefault
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language, tell

STEP = 25  # providers drawn at once; more come while the reader scrolls
CHANGES = 8  # up to so many changed cards are sent by themselves, more send the page anew
TABLE_FROM = 21
# What narrows or orders the list, by its name in the address: the var, and what it is where nothing is asked for.
FILTERS = {"status": ("group", "all"), "auth": ("auth_type", ANY), "type": ("kind", ANY), "tag": ("tag", ANY), "sort": ("sort", "label")}


class Providers(rx.State):
    """`page` holds the cards as they were drawn last (`drawn` counts), `fresh` what changed in one of them since: the browser keeps
    those changes (`fresh_seq` tells it when it missed one), so that one change sends a few fields. What changes elsewhere moves no card
    from under a pointer. `turned` counts what the reader did to see another list."""

    loaded: bool = False
    page: list[Card] = []
    drawn: int = 0
    turned: int = 0
    fresh: list[dict[str, Any]] = []
    fresh_seq: int = 0
    total: int = 0
    in_use: int = 0  # switched on
    matching: int = 0
    working: int = 0
    attention: int = 0
    untested: int = 0
    checked_at: str = ""
    search: str = ""
    search_seed: int = 0
    group: str = "all"
    auth_type: str = ANY
    kind: str = ANY
    tag: str = ANY
    auth_types: list[str] = []
    kinds: list[str] = []
    tags: list[str] = []
    sort: str = "label"
    view: str = rx.LocalStorage("", name="pb-providers", sync=True)  # grid or table; anything else = by number
    deleting: Card | None = None
    warned: Warned = Warned()
    typed: str = ""
    _all: dict[str, Listed] = {}
    _shown: list[Card] = []  # the window as the browser has it by now
    _revision: int = -1
    _turn: int = 0
    _spoken: str = ""
    _room: int = STEP

    @rx.var
    def as_table(self) -> bool:
        """Whether the list is drawn as a table."""
        return self.view == "table" or (self.view != "grid" and self.total >= TABLE_FROM)

    @rx.var
    def sure(self) -> bool:
        """Whether the name was typed where something would break."""
        return self.warned.is_met_by(self.typed)

    @rx.var
    def narrowed(self) -> int:
        """How many of the filters behind the button are set."""
        return (self.auth_type != ANY) + (self.kind != ANY) + (self.tag != ANY)

    @rx.var
    def query(self) -> str:
        """What is shown of the list, for the address."""
        chosen = {"status": self.group, "auth": self.auth_type, "type": self.kind, "tag": self.tag, "sort": self.sort}
        return url_query.query(q=(self.search, ""), **{name: (value, FILTERS[name][1]) for name, value in chosen.items()})

    @rx.event
    @answered
    async def arrive(self) -> None:
        """Show what the address asks for: when the page opens, by a link, by the browser's own way back."""
        await self._read()
        asked = url_query.asked(self)
        if (search := asked.get("q", "")[:100]) != self.search:
            self.search, self.search_seed = search, self.search_seed + 1
        for filter_ in FILTERS:
            self._set(filter_, asked.get(filter_, ""))
        self._present(anew=True)
        self.loaded = True

    @rx.event
    @answered
    async def load(self) -> None:
        """Draw the list anew when the browser missed a change."""
        await self._read()
        self._present(anew=True)
        self.loaded = True

    @rx.event
    @answered
    @quiet
    async def follow(self) -> None:
        """Something changed somewhere: read what, send what differs."""
        await self._read()
        self._present(holding=True)

    @rx.event
    @answered
    @quiet
    async def find(self, text: str) -> None:
        """Show what matches the search."""
        self.search, self._room = text[:100], STEP
        self._present()

    @rx.event
    @answered
    async def choose(self, filter_: str, wanted: str) -> None:
        """Show the providers of one status group, sign-in, type or tag, or put them in another order."""
        if filter_ in FILTERS:
            self._set(filter_, wanted)
            self._turn_over()

    @rx.event
    @answered
    async def choose_view(self, view: str) -> None:
        """Grid or table; this browser remembers."""
        self.view = view if view in ("grid", "table") else ""

    @rx.event
    @answered
    async def show_everything(self) -> None:
        """Forget search and filters."""
        self.search, self.group, self.auth_type, self.kind, self.tag, self._room = "", "all", ANY, ANY, ANY, STEP
        self.search_seed += 1
        self._turn_over()

    @rx.event
    @answered
    @quiet
    async def show_more(self) -> None:
        """Draw the next ones."""
        if len(self._shown) < self.matching:
            self._room = len(self._shown) + STEP
            self._present(holding=True)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def switch(self, name: str, on: bool) -> AsyncIterator[None]:
        """Enable or disable a provider. The switch moves at once, and back when that was refused."""
        known = next((p for p in self._all.values() if p.card.name == name), None)
        if not on and (known.card if known else await providers.get(await actor(self), name)).is_default:
            yield NextDefault.ask(name)  # type: ignore[misc]  # an event, as handlers yield them
            return
        if known:
            self._take(replace(known, card=replace(known.card, enabled=on)))
            self._present()
            yield
        locale = await language(self)
        try:
            who = await actor(self)
            provider = await (providers.enable(who, name) if on else providers.disable(who, name))
        except PatchbayError as error:
            if known:
                self._take(known)
            await tell(self, "error", answer(locale, error))
        else:
            self._take(listed(provider, locale))
            await tell(self, "success", i18n.say(locale, "done.enabled" if on else "done.disabled", name=provider.label))
        self._count()
        self._present()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def make_default(self, name: str) -> None:
        """Requests that name no provider go to this one."""
        provider = await providers.set_default(await actor(self), name)
        await tell(self, "success", i18n.say(await language(self), "done.default", name=provider.label))

    @rx.event
    @answered
    async def ask_delete(self, provider_id: str) -> None:
        """Open the question whether to delete, saying what depends on it."""
        if (found := self._all.get(provider_id)) is not None:
            self.warned, self.typed = await dependants.warning(await actor(self), found.card.name, await language(self)), ""
            self.deleting = found.card
            await next_default_state.offer(self, found.card.name)
            await dialogs.open_(self, DELETE, provider_id, again=Providers.ask_delete(provider_id))

    @rx.event
    @answered
    @quiet
    async def type_name(self, text: str) -> None:
        """The name of the provider in question, typed."""
        self.typed = text[:100]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(DELETE)
    async def delete(self, dialog: str) -> None:
        """Move the provider in question to the trash."""
        if (doomed := self.deleting) is None or not self.warned.is_met_by(self.typed):
            return
        following = await next_default_state.chosen(self) if doomed.is_default else None
        await providers.delete(await actor(self), doomed.name, next_default=following)
        await dialogs.close(self)
        self._all.pop(doomed.id, None)
        self._count()
        self._present()
        await tell(self, "success", i18n.say(await language(self), "done.deleted", name=doomed.label))

    async def _read(self) -> None:
        """What changed since the last look; everything at the first one and in another language."""
        who, locale = await actor(self), await language(self)
        since = self._revision if locale == self._spoken else -1
        found = await providers.changes(who, since=since, turn=self._turn)
        self._all = {} if since < 0 else self._all
        for provider in found.items:
            self._take(listed(provider, locale))
        for provider_id in found.gone:
            self._all.pop(provider_id, None)
        for known in [p for p in self._all.values() if p.card.is_default != (p.card.id == found.default_id)]:
            self._take(replace(known, card=replace(known.card, is_default=not known.card.is_default)))
        self._revision, self._turn, self._spoken = found.revision, found.turn, locale
        await dialogs.keep_to(self, set(self._all))
        self._count()

    def _take(self, provider: Listed) -> None:
        self._all[provider.card.id] = provider

    def _count(self) -> None:
        cards = [p.card for p in self._all.values()]
        self._say("total", len(cards))
        self._say("in_use", len(cards) - within(cards, "off"))
        self._say("working", within(cards, "working"))
        self._say("attention", within(cards, "attention"))
        self._say("untested", within(cards, "not_tested"))
        self._say("checked_at", max((c.tested_at for c in cards), default=""))
        self._say("auth_types", sorted({p.auth_type for p in self._all.values()}))
        self._say("kinds", sorted({p.type for p in self._all.values()}))
        self._say("tags", sorted({tag for p in self._all.values() for tag in p.tags}))

    def _say(self, name: str, value: object) -> None:
        """Set a var only when it differs: an assignment is sent, whatever the value."""
        if getattr(self, name) != value:
            setattr(self, name, value)

    def _set(self, filter_: str, wanted: str) -> None:
        """What is asked for, where there is such a thing."""
        known = {"status": GROUPS, "auth": self.auth_types, "type": self.kinds, "tag": self.tags, "sort": SORTS}[filter_]
        var, otherwise = FILTERS[filter_]
        self._room = STEP
        setattr(self, var, wanted if wanted in known else otherwise)

    def _turn_over(self) -> None:
        """Another list: its cards are new ones, they do not come from where others were."""
        self.turned += 1
        self._present()

    def _held(self, found: list[Card]) -> list[Card]:
        """The cards on the page as they are by now, and behind them those that belong to the page and are not there yet."""
        here = {card.id for card in self._shown}
        held = [self._all[card.id].card if card.id in self._all else replace(card, gone=True) for card in self._shown]
        return held + [card for card in found[: self._room] if card.id not in here]

    def _present(self, *, anew: bool = False, holding: bool = False) -> None:
        """Put the right cards on the page, sending only what differs when the page stays the same. `holding`: the cards on the page stay
        where they are, whatever became of them; new ones stand behind."""
        wish = Wish(self.search, self.group, self.auth_type, self.kind, self.tag, self.sort)
        found = [p.card for p in wish.of(self._all.values())]
        wanted = self._held(found) if holding else found[: self._room]
        self._say("matching", len({card.id for card in (*found, *wanted)}))
        changed = [(new, old) for new, old in zip(wanted, self._shown, strict=False) if new != old]
        same = [c.id for c in wanted] == [c.id for c in self._shown]
        self._shown = wanted
        if anew or not same or len(changed) > CHANGES:
            self.page, self.fresh, self.fresh_seq, self.drawn = wanted, [], 0, self.drawn + 1
        elif changed:
            self.fresh = [difference(new, old) for new, old in changed]
            self.fresh_seq += 1
