"""Tests of saved providers and of single keys of them, unfolding where they were started."""

from contextlib import aclosing

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.domain.probes.probe import Depth
from app.services import probes
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets.gallery import preset_of
from app.ui.probe.probe_options import TRY, Trial, chosen
from app.ui.probe.run import Run, climb, steps_of
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language


class Probing(rx.State):
    """`runs` holds the ladders on the screen by the id of the provider or of the key, running or finished."""

    runs: dict[str, Run] = {}
    _tickets: dict[str, int] = {}  # a ladder that was hidden or started anew drops what still comes in

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def test(self, provider_id: str, name: str, preset: str) -> None:
        """Run the ladder of a saved provider; each rung appears when it happens."""
        await self._run(provider_id, name, preset)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(TRY)
    async def test_as(self, form: dict[str, str]) -> None:
        """The same as far as the dialog says, with the model it names."""
        async with self:
            trial = await self.get_state(Trial)
            provider_id, name, preset = trial.id, trial.name, trial.preset
            await dialogs.close(self)
        if provider_id:
            depth, model = chosen(form)
            await self._run(provider_id, name, preset, depth=depth, model=model)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def test_key(self, key_id: str, name: str, preset: str) -> None:
        """The same with one key of a provider, whatever its state."""
        await self._run(key_id, name, preset, key_id=key_id)

    async def _run(self, place: str, name: str, preset: str, *, key_id: str = "", depth: Depth = "chat", model: str | None = None) -> None:
        async with self:
            if (known := self.runs.get(place)) and not known.outcome:
                return
            who, locale = await actor(self), await language(self)
            ticket = self._tickets[place] = self._tickets.get(place, 0) + 1
            self.runs[place] = run = Run()
        try:
            async with aclosing(steps_of(probes.run_saved(who, name, depth=depth, model=model, credential_id=key_id or None))) as steps:
                async for step in steps:
                    run = climb(run, step, locale, preset_of(preset))
                    async with self:
                        if self._tickets.get(place) != ticket:
                            return
                        self.runs[place] = run
        except PatchbayError:
            async with self:
                was_left = self._tickets.get(place) != ticket
            if not was_left:
                raise
        finally:
            async with self:
                if self._tickets.get(place) == ticket and not run.outcome:
                    self.runs.pop(place, None)

    @rx.event
    @answered
    async def hide(self, place: str) -> None:
        """Fold the ladder away; a running test is stopped."""
        self.runs.pop(place, None)
        self._tickets[place] = self._tickets.get(place, 0) + 1
