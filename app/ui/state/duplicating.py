"""The small dialog that makes a second provider like one that exists."""

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import InvalidDraft
from app.services import providers
from app.ui import words
from app.ui.permission import requires
from app.ui.state.acting import actor
from app.ui.state.notices import answer, answered, language, tell


class Duplicating(rx.State):
    """`name` is the provider to copy, "" while the dialog is closed. `label` is what the copy will be called at first."""

    name: str = ""
    title: str = ""
    label: str = ""
    keys: int = 0
    with_keys: bool = False
    ticket: int = 0
    wrong: str = ""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def ask(self, name: str) -> None:
        """Open the dialog for a provider."""
        provider = await providers.get(await actor(self), name)
        self.name, self.title, self.with_keys, self.wrong = name, provider.label, False, ""
        self.label = f"{provider.label[:76]} (2)"
        self.keys, self.ticket = sum(c.is_set for c in provider.credentials), self.ticket + 1

    @rx.event
    @answered
    async def close(self, _open: bool = False) -> None:
        """Nothing is copied."""
        self.name = ""

    @rx.event
    @answered
    async def choose_keys(self, on: bool) -> None:
        """Whether the keys come along."""
        self.with_keys = bool(on)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def submit(self, form: dict[str, str]) -> None:
        """Make the copy; it is off."""
        name, self.name = self.name, ""
        if not name:
            return
        label = form.get("label", "").strip() or None
        try:
            made = await providers.duplicate(await actor(self), name, label=label, with_keys=self.with_keys)
        except InvalidDraft as error:
            self.name, self.wrong = name, answer(await language(self), error)
            return
        await tell(self, "success", words.say(await language(self), "duplicate.done", name=made.label))
