"""The wizard's test of the provider that was just saved: the ladder while it is climbed, and the models it found."""

from contextlib import aclosing

import reflex as rx

from app.domain.actor import Actor
from app.domain.errors import PatchbayError
from app.domain.probes.probe import ProbeResult, Verdict
from app.domain.providers.provider import Provider
from app.services import probes
from app.ui.presets.gallery import preset_of
from app.ui.probe.run import Run, climb, finished, steps_of
from app.ui.provider_form.submission import Submission
from app.ui.session.notices import answer, tell

_KEY_IS_WRONG = (Verdict.AUTH_FAILED, Verdict.NO_CREDENTIAL)


class GuidedTest(rx.State):
    """`refused`: the key is wrong or missing, so the field for it opens when somebody goes back."""

    run: Run = Run()
    testing: bool = False
    refused: bool = False
    _ticket: int = 0  # a test that was left behind drops what still comes in

    def _leave(self) -> None:
        """Whatever is still climbed is dropped."""
        ticket = self._ticket + 1
        self.reset()
        self._ticket = ticket

    def _show(self, result: ProbeResult | None, provider: Provider, language: str) -> None:
        """What a test found."""
        known = preset_of(provider.preset)
        self.run = finished(Run(), result, language, key_url=known.key_url if known else "") if result else Run()
        self.testing, self.refused = False, result is not None and result.verdict in _KEY_IS_WRONG


async def run(state: rx.State, who: Actor, language: str, provider: Provider, *, model: str) -> None:
    """Climb, and draw each rung when it happens. `state` is that of a background handler, which begins the test itself."""
    async with state:
        ticket, drawn = (await state.get_state(GuidedTest))._ticket, Run()
    try:
        async with aclosing(steps_of(probes.run_saved(who, provider.name, model=model or None))) as steps:
            async for step in steps:
                drawn = climb(drawn, step, language, preset_of(provider.preset))
                async with state:
                    test = await state.get_state(GuidedTest)
                    if test._ticket != ticket:
                        return
                    test.run = drawn
                    if isinstance(step, ProbeResult):
                        test._show(step, provider, language)
                        (await state.get_state(Submission))._offer(step)
    except PatchbayError as error:
        async with state:
            await tell(state, "error", answer(language, error))
    finally:
        async with state:
            test = await state.get_state(GuidedTest)
            test.testing = test.testing and test._ticket != ticket
