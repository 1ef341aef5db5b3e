"""Many tests in one table: what would be sent is shown first, each row fills when its answer comes, and what passed can be put to use."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

import reflex as rx
from reflex.state import BaseState

from app.domain.actor import Actor, Role
from app.domain.errors import PatchbayError
from app.domain.providers.provider import Provider
from app.services import models, probes, providers
from app.services.probes import Batch
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.probe.batch_rows import Row, begun, done, of_model, of_provider
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, explain, language, tell

EVERY_SECONDS = 0.25  # between two updates of the page
AT_ONCE = (4, 8, 16, 32)
BATCH = dialogs.kind("test many")
LONGEST = (10, 30, 60, 120)  # seconds


class Batches(rx.State):
    """`stage`: ask, running or done. `name` "" = all providers, otherwise the one whose models these are. `asking`: which
    of the last steps waits for a yes: keep, on or off."""

    stage: str = ""
    name: str = ""
    label: str = ""
    rows: list[Row] = []
    at_once: int = 8
    seconds: int = 30
    asking: str = ""
    _ticket: int = 0  # a batch that was stopped or left drops what still comes in

    @rx.var
    def ticked(self) -> int:
        """How many tests would be sent."""
        return sum(row.on for row in self.rows)

    @rx.var
    def owners(self) -> int:
        """To how many providers."""
        return 1 if self.name else self.ticked

    @rx.var
    def ended(self) -> int:
        """How many tests are done."""
        return sum(row.state in ("ok", "noted", "failed") for row in self.rows)

    @rx.var
    def passed(self) -> int:
        """How many of them passed."""
        return sum(row.passed for row in self.rows)

    @rx.var
    def to_enable(self) -> int:
        """Providers that passed and are off."""
        return 0 if self.name else sum(row.passed and row.off for row in self.rows)

    @rx.var
    def to_disable(self) -> int:
        """Providers that failed and are on."""
        return 0 if self.name else sum(row.state == "failed" and not row.off for row in self.rows)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def open_models(self, name: str, label: str) -> None:
        """Show the models of a provider: those that are listed ticked, what else it offers not."""
        found = await probes.choices(await actor(self), name)
        listed = {m.identifier for m in await models.list_(await actor(self), name)}
        self._close()
        rows = [of_model(choice.model, on=choice.model in listed or not listed) for choice in found]
        self.rows, self.name, self.label, self.stage = rows[: probes.MOST], name, label, "ask"
        await dialogs.open_(self, BATCH, again=Batches.open_models(name, label))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def open_providers(self) -> None:
        """Show all providers: those that are on ticked, the others only by hand."""
        found = await providers.changes(await actor(self))
        self._close()
        self.rows = [of_provider(p) for p in sorted(found.items, key=lambda p: p.label.lower())][: probes.MOST]
        self.stage = "ask"
        await dialogs.open_(self, BATCH, again=Batches.open_providers)

    @rx.event
    @answered
    async def tick(self, at: int, on: bool) -> None:
        """Test this one, or not."""
        if self.stage == "ask" and 0 <= at < len(self.rows):
            self.rows[at] = replace(self.rows[at], on=on)

    @rx.event
    @answered
    async def tick_all(self, on: bool) -> None:
        """All of them, or none. A provider that is off is ticked one by one only."""
        if self.stage == "ask":
            self.rows = [replace(row, on=on and not row.off) for row in self.rows]

    @rx.event
    @answered
    async def choose_at_once(self, number: str) -> None:
        """How many run at a time."""
        self.at_once = int(number) if number.isdigit() and int(number) in AT_ONCE else 8

    @rx.event
    @answered
    async def choose_seconds(self, number: str) -> None:
        """How long each may take."""
        self.seconds = int(number) if number.isdigit() and int(number) in LONGEST else 30

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(BATCH)
    async def start(self, dialog: str) -> None:
        """Send the tests; rows fill while answers come."""
        async with self:
            if self.stage != "ask" or not any(row.on for row in self.rows):
                return
            who, locale = await actor(self), await language(self)
            self._ticket += 1
            self.stage, self.rows = "running", [replace(row, state="waiting") for row in self.rows if row.on]
            ticket, name, wanted = self._ticket, self.name, [row.key for row in self.rows]
            how = Batch(concurrency=self.at_once, seconds=self.seconds)
        heard = Heard(locale)
        reading = asyncio.create_task(heard.read(who, name, wanted, how))
        try:
            ended = False
            while not ended:
                ended = bool((await asyncio.wait({reading}, timeout=EVERY_SECONDS))[0])
                if ended:
                    reading.result()
                async with self:
                    if self._ticket != ticket:
                        return
                    await self._draw(heard, ended=ended)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            async with self:
                if self._ticket == ticket and self.stage == "running":
                    self.stage, self.rows = "ask", [replace(row, state="") for row in self.rows]

    @rx.event
    @answered
    async def stop(self) -> None:
        """Hang up at once; what is there stays."""
        if self.stage == "running":
            self._ticket += 1
            self.stage, self.rows = "done", [row if row.state in ("ok", "noted", "failed") else replace(row, state="") for row in self.rows]

    @rx.event
    @answered
    async def ask(self, what: str = "") -> None:
        """Ask before something is changed; "" = leave it."""
        self.asking = what if what in ("keep", "on", "off") else ""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(BATCH)
    async def apply(self, dialog: str) -> None:
        """Do what was asked about: list the models that passed and no other that was tested, or switch providers."""
        who, what, self.asking = await actor(self), self.asking, ""
        locale = await language(self)
        good, bad = [r.key for r in self.rows if r.passed], [r.key for r in self.rows if r.state == "failed"]
        if what == "keep" and self.name:
            default = (await providers.get(who, self.name)).default_model
            await models.sync(who, self.name, add=good, remove=bad)
            await tell(self, "success", i18n.say(locale, "batch.kept", n=len(good), name=self.label))
            if default in bad:
                await tell(self, "warning", i18n.say(locale, "batch.default_gone", model=default, name=self.label))
        elif what == "on" and not self.name:
            off = {row.key for row in self.rows if row.off}
            await self._switch(partial(providers.enable, who), [name for name in good if name in off], locale, off=False)
        elif what == "off" and not self.name:
            on = {row.key for row in self.rows if not row.off}
            await self._switch(partial(providers.disable, who), [name for name in bad if name in on], locale, off=True)

    async def _switch(self, turn: Callable[[str], Awaitable[Provider]], names: list[str], locale: str, *, off: bool) -> None:
        """One after the other; what was turned before one of them failed is shown as it is now."""
        changed: set[str] = set()
        try:
            for name in names:
                changed.add((await turn(name)).name)
        finally:
            self.rows = [replace(row, off=off) if row.key in changed else row for row in self.rows]
        await tell(self, "success", i18n.say(locale, "batch.switched_off" if off else "batch.switched_on", n=len(changed)))

    async def _draw(self, heard: "Heard", *, ended: bool) -> None:
        news = heard.taken()
        if news:
            self.rows = [news.get(row.key, lambda old: old)(row) for row in self.rows]
        if ended:
            self.stage = "done"
            if heard.failure is not None:
                self.stage, self.rows = "ask", [replace(row, state="") for row in self.rows]
                await explain(self, heard.failure)

    def _close(self) -> None:
        ticket = self._ticket + 1
        self.reset()
        self._ticket = ticket


@dialogs.leaving(BATCH)
async def _left(state: BaseState) -> None:
    """A batch that runs is stopped."""
    (await state.get_state(Batches))._ticket += 1


class Heard:
    """What came in so far, gathered beside the page, which looks now and then."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.failure: PatchbayError | None = None
        self._news: dict[str, Any] = {}

    async def read(self, who: Actor, name: str, wanted: list[str], how: Batch) -> None:
        """Run the batch to its end; a failure is kept, not raised."""
        try:
            targets = await (probes.models_of(who, name, wanted) if name else probes.providers_of(who, wanted))
            async with aclosing(probes.run_batch(who, targets, how, of=name)) as tests:
                async for test in tests:
                    key, result = (test.model if name else test.provider), test.result
                    self._news[key] = begun if result is None else done(result, self.locale)
        except PatchbayError as error:
            self.failure = error

    def taken(self) -> dict[str, Any]:
        """Row → how it changes, since the last look."""
        news, self._news = self._news, {}
        return news
