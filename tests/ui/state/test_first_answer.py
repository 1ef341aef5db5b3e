"""The first answer on the page: it grows, it can be stopped, and the page is not flooded."""

import asyncio
from typing import Any

import pytest

from app.ui import i18n
from app.ui.pages.start.first_answer import EVERY_SECONDS, FirstAnswer
from app.ui.pages.start.wizard import Wizard
from app.ui.provider_form.form import CUSTOM
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, delta, events
from tests.ui.state.test_wizard import open_at, typed, unhurried

__all__ = ["unhurried"]
QUESTION = {"question": "Hello?"}


@pytest.fixture
async def ready(tab: Any, house: Upstream) -> Any:
    """At the step of the first answer."""
    await open_at(tab)
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))
    await tab.fire(Wizard.use_model)
    return await tab.state(FirstAnswer)


async def test_the_answer_stands_there_with_its_times(tab: Any, ready: Any) -> None:
    await tab.fire(FirstAnswer.ask, QUESTION)

    wizard = await tab.state(Wizard)
    assert (ready.text, ready.done, ready.running, ready.problem, ready.of) == ("Hello", True, False, "", wizard.selector)
    assert 0 <= ready.first_ms <= ready.total_ms


async def test_a_thousand_pieces_are_a_few_updates(tab: Any, ready: Any, house: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    house.on("/chat/completions", events(*[delta("x")] * 1_000, DONE))
    drawn: list[int] = []
    original = FirstAnswer._draw

    def counting(self: Any, heard: Any, locale: str) -> None:
        drawn.append(len(heard.text))
        original(self, heard, locale)

    monkeypatch.setattr(FirstAnswer, "_draw", counting)
    started = asyncio.get_running_loop().time()
    await tab.fire(FirstAnswer.ask, QUESTION)

    seconds = asyncio.get_running_loop().time() - started
    assert len(ready.text) == 1_000
    assert len(drawn) <= 2 + seconds / EVERY_SECONDS
    assert EVERY_SECONDS >= 1 / 20


async def test_stopping_hangs_up_and_keeps_what_was_said(tab: Any, ready: Any, house: Upstream) -> None:
    async def endless(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("So far"))
        await line.gone.wait()

    house.on("/chat/completions", endless)
    asking = asyncio.create_task(tab.fire(FirstAnswer.ask, QUESTION))
    async with asyncio.timeout(5):
        while ready.text != "So far":  # noqa: ASYNC110 - the page shows it
            await asyncio.sleep(0.02)
    assert ready.running

    await tab.fire(FirstAnswer.stop)
    await asyncio.wait_for(asking, 5)

    assert (ready.text, ready.running, ready.done) == ("So far", False, True)
    assert await house.all_gone(within=2)


async def test_a_failure_is_a_sentence_and_asking_again_is_possible(tab: Any, ready: Any, house: Upstream) -> None:
    house.on("/chat/completions", answer(429, {"error": {"message": "slow down"}}))
    await tab.fire(FirstAnswer.ask, QUESTION)
    assert (ready.done, ready.running) == (False, False)
    assert ready.problem.startswith("The provider accepts the key but is limiting requests")

    del house.scripts["/chat/completions"]
    await tab.fire(FirstAnswer.ask, QUESTION)
    assert (ready.text, ready.problem) == ("Hello", "")


async def test_an_empty_question_says_so(tab: Any, ready: Any) -> None:
    await tab.fire(FirstAnswer.ask, {"question": "  "})

    assert (ready.problem, ready.running) == ("Fill in this field.", False)


async def test_an_answer_without_words_still_counts(tab: Any, ready: Any, house: Upstream) -> None:
    house.on("/chat/completions", events(delta("", "stop"), DONE))
    await tab.fire(FirstAnswer.ask, QUESTION)

    assert ready.done
    assert ready.text == i18n.say("en", "probe.chat_empty", model="alpha-small")
