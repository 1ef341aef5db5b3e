"""Tests of saved providers, unfolding inside their cards."""

from contextlib import aclosing

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.domain.probe import Depth
from app.services import probes
from app.ui.permission import requires
from app.ui.state.acting import actor
from app.ui.state.cards import Run, climb, steps_of
from app.ui.state.gallery import preset_of
from app.ui.state.notices import answer, language, tell
from app.ui.state.trial import Trial, chosen


class Probing(rx.State):
    """`runs` holds the ladders on the screen by the provider's id, running or finished."""

    runs: dict[str, Run] = {}
    _tickets: dict[str, int] = {}  # a ladder that was hidden or started anew drops what still comes in

    @rx.event(background=True)
    @requires(Role.ADMIN)
    async def test(self, provider_id: str, name: str, preset: str) -> None:
        """Run the ladder of a saved provider; each rung appears when it happens."""
        await self._run(provider_id, name, preset)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    async def test_as(self, form: dict[str, str]) -> None:
        """The same as far as the dialog says, with the model it names."""
        async with self:
            trial = await self.get_state(Trial)
            provider_id, name, preset = trial.id, trial.name, trial.preset
            trial.reset()
        if provider_id:
            depth, model = chosen(form)
            await self._run(provider_id, name, preset, depth=depth, model=model)

    async def _run(self, provider_id: str, name: str, preset: str, *, depth: Depth = "chat", model: str | None = None) -> None:
        async with self:
            if (known := self.runs.get(provider_id)) and not known.outcome:
                return
            who, spoken = await actor(self), await language(self)
            ticket = self._tickets[provider_id] = self._tickets.get(provider_id, 0) + 1
            self.runs[provider_id] = run = Run()
        try:
            async with aclosing(steps_of(probes.run_saved(who, name, depth=depth, model=model))) as steps:
                async for step in steps:
                    run = climb(run, step, spoken, preset_of(preset))
                    async with self:
                        if self._tickets.get(provider_id) != ticket:
                            return
                        self.runs[provider_id] = run
        except PatchbayError as error:
            async with self:
                self.runs.pop(provider_id, None)
                await tell(self, "error", answer(spoken, error))
            return

    @rx.event
    async def hide(self, provider_id: str) -> None:
        """Fold the ladder away; a running test is stopped."""
        self.runs.pop(provider_id, None)
        self._tickets[provider_id] = self._tickets.get(provider_id, 0) + 1
