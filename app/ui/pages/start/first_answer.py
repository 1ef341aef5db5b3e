"""The wizard's first answer: a question, and the words as they come. The page gets at most a dozen updates a second."""

import asyncio
from contextlib import aclosing

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.errors import PatchbayError
from app.services import first_answer
from app.services.first_answer import Ended
from app.ui import i18n
from app.ui.pages.start.wizard import Wizard
from app.ui.permission import requires
from app.ui.probe.run import sentence
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language

EVERY_SECONDS = 0.08  # between two updates of the page


class FirstAnswer(rx.State):
    """`of`: the provider and model that were asked; what belongs to another one is not shown. `problem`: why there is no answer."""

    of: str = ""
    running: bool = False
    done: bool = False
    text: str = ""
    first_ms: int = 0
    total_ms: int = 0
    problem: str = ""
    detail: str = ""
    _ticket: int = 0

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def ask(self, form: dict[str, str]) -> None:
        """Ask, and show the answer while it comes."""
        async with self:
            if self.running:
                return
            wizard = await self.get_state(Wizard)
            who, locale = await actor(self), await language(self)
            name, model = wizard.provider, wizard.model
            self._begin(f"{name}/{model}")
            ticket = self._ticket
        heard = Heard()
        reading = asyncio.create_task(heard.read(who, name, model, form.get("question", "")))
        try:
            ended = False
            while not ended:
                ended = bool((await asyncio.wait({reading}, timeout=EVERY_SECONDS))[0])
                if ended:
                    reading.result()
                async with self:
                    if self._ticket != ticket:
                        return
                    self._draw(heard, locale)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            async with self:
                self.running = self.running and self._ticket != ticket

    @rx.event
    @answered
    async def stop(self) -> None:
        """Hang up; what was said so far stays."""
        if self.running:
            self._ticket, self.running, self.done = self._ticket + 1, False, self.text != ""

    def _begin(self, of: str) -> None:
        ticket = self._ticket + 1
        self.reset()
        self._ticket, self.of, self.running = ticket, of, True

    def _draw(self, heard: "Heard", locale: str) -> None:
        """Take over what was heard since the last time."""
        if len(heard.text) > len(self.text):
            self.text = heard.text
        if heard.failure is not None:
            self.running, self.problem = False, answer(locale, heard.failure)
        elif (ended := heard.ended) is not None:
            self.running, self.done = False, ended.error is None
            self.first_ms, self.total_ms = ended.first_ms, ended.total_ms
            if ended.error:
                self.problem, self.detail = sentence(ended.error, locale), ended.error.detail
            elif not self.text:
                self.text = i18n.say(locale, "probe.chat_empty", model=ended.model)


class Heard:
    """What was said so far, gathered beside the page, which looks now and then."""

    def __init__(self) -> None:
        self.text = ""
        self.ended: Ended | None = None
        self.failure: PatchbayError | None = None

    async def read(self, who: Actor, name: str, model: str, question: str) -> None:
        """Read the answer to its end; a failure is kept, not raised."""
        try:
            async with aclosing(first_answer.ask(who, name, model, question)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Ended):
                        self.ended = piece
                    else:
                        self.text += piece
        except PatchbayError as error:
            self.failure = error
