"""The test: address → DNS → port → TLS → HTTP → credential → model list → chat → stream.

Each step is timed and handed out as it happens; the first red one ends the test.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.domain.probes.probe import Depth, ProbeResult, ProbeStep
from app.domain.providers.preset import Preset
from app.domain.snapshot import Endpoint
from app.probe.steps import Steps


async def run(
    endpoint: Endpoint,
    *,
    model: str | None = None,
    depth: Depth = "chat",
    preset: Preset | None = None,
    is_direct: bool = False,
    seeks: bool = False,
) -> AsyncGenerator[ProbeStep | ProbeResult, None]:
    """Test as far as `depth` and yield each step when it is done, the result last. A step that is yielded twice is what it was found
    to be in the end: a key that the list took and the chat refuses, or one that only the chat could show to be good.

    Calls go through `relay.call`, as traffic does. A disabled endpoint is tested as well: whether it may be is the
    caller's rule. Whoever stops reading closes what is open. `is_direct` asks a named model at once, one call in all;
    `seeks` finds out where else a refused key may be read from, for tests that a person started.
    """
    test = _Runner(endpoint, model, depth, preset, is_direct=is_direct, seeks=seeks)
    try:
        async with aclosing(test.steps()) as steps:
            async for step in steps:
                yield step
        yield test.result()
    finally:
        test.close()


class _Runner(Steps):
    async def steps(self) -> AsyncGenerator[ProbeStep, None]:
        """Each step as it is done."""
        for name, take in self.plan():
            started = time.perf_counter()
            outcome = await self.tried(name, take)
            if outcome is None:
                continue
            ms = round((time.perf_counter() - started) * 1000, 1)
            # A key that is missing or refused is that step's, not that of the call which met it.
            its = outcome.finding.red_step if outcome.ok is False else None
            step = ProbeStep(name=its or name, ok=outcome.ok, ms=ms, message=outcome.finding.code, values=dict(outcome.facts))
            self._keep(step, proves=outcome.proves)
            yield step
            if (confirmed := self._confirmed()) is not None:
                yield confirmed
            if outcome.ok is False or self._is_over:
                return
