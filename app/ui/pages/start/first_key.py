"""The wizard's last step: a key for the first application, code that is ready to paste, and the first call that arrives with it."""

from collections.abc import AsyncIterator

import reflex as rx
from reflex.event import EventSpec

from app import settings
from app.domain.actor import Role, Scope
from app.domain.errors import UnknownClientKey
from app.services import client_keys
from app.ui import i18n
from app.ui.client_keys.client_keys import NO_MODEL, SHOWN_ONCE
from app.ui.client_keys.snippets import snippets
from app.ui.kit import dialogs
from app.ui.pages.start.wizard import Wizard
from app.ui.permission import requires
from app.ui.presses import quiet
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language


class FirstKey(rx.State):
    """`shown`: id of the key that lies in the page right now. `arrived`: "" (nothing yet), list (the list of models was asked for),
    call, or failed (a call that was answered with an error); then `model`, `ms` and `status` are those of that call."""

    shown: str = ""
    python: str = ""
    javascript: str = ""
    curl: str = ""
    arrived: str = ""
    model: str = ""
    ms: int = 0
    status: int = 0

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def issue(self) -> AsyncIterator[EventSpec]:
        """Create the key and go to where it is shown. It travels once, into a hidden field of the page."""
        wizard, locale = await self.get_state(Wizard), await language(self)
        if self.shown:  # pressed twice
            return
        issued = await client_keys.issue(await actor(self), i18n.say(locale, "start.key_name"), Scope.GATEWAY)
        yield rx.set_value(SHOWN_ONCE, issued.key)
        self.reset()
        wizard.key_id, wizard.step = issued.client_key.id, "app"
        self._show(wizard)

    @rx.event
    @answered
    async def begin(self) -> None:
        """The page was opened: a key that lay in it before is gone, unless only its connection was."""
        if not await dialogs.stays(self):
            self.reset()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @quiet
    async def hold(self) -> None:
        """A restart of the server lost what was said about the key that still lies in the page."""
        wizard = await self.get_state(Wizard)
        if wizard.key_id and not self.shown:
            self._show(wizard)

    @rx.event
    @answered
    @quiet
    async def look(self) -> None:
        """Whether a call has arrived with the key."""
        wizard = await self.get_state(Wizard)
        if not wizard.key_id:
            return
        try:
            key = await client_keys.get(await actor(self), wizard.key_id)
        except UnknownClientKey:
            wizard.key_id = ""
            return
        if (call := key.last_call) is not None:
            self.arrived = "failed" if call.status >= 400 else "call" if call.model else "list"
            self.model, self.ms, self.status = call.model, call.ms, call.status

    def _show(self, wizard: Wizard) -> None:
        """Code that is ready to paste, with a place for the key."""
        address = settings.current().public_url.rstrip("/") or self.router.url.origin
        model = f"{wizard.provider}/{wizard.model}" if wizard.model else NO_MODEL
        self.python, self.javascript, self.curl = snippets(address, model, Scope.GATEWAY)
        self.shown = wizard.key_id
