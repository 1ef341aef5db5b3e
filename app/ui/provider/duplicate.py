"""The small dialog that makes a second provider like one that exists."""

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import InvalidDraft
from app.services import providers
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language, tell

DUPLICATE = dialogs.kind("duplicate a provider")


class Duplicating(rx.State):
    """`name` is the provider to copy. `label` is what the copy will be called at first."""

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
        await dialogs.open_(self, DUPLICATE, provider.id, again=Duplicating.ask(name))

    @rx.event
    @answered
    @choice
    async def choose_keys(self, on: bool) -> None:
        """Whether the keys come along."""
        self.with_keys = bool(on)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(DUPLICATE)
    async def submit(self, form: dict[str, str]) -> None:
        """Make the copy; it is off."""
        label = form.get("label", "").strip() or None
        try:
            made = await providers.duplicate(await actor(self), self.name, label=label, with_keys=self.with_keys)
        except InvalidDraft as error:
            self.wrong = answer(await language(self), error)
            return
        await dialogs.close(self)
        await tell(self, "success", i18n.say(await language(self), "duplicate.done", name=made.label))
