"""A server that was found nearby, taken into the dialog: its address is filled in, the key asked for where it wants one."""

import reflex as rx

from app.domain.actor import Role
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets.local_servers_state import LocalServers
from app.ui.provider_form.form import ADD, CUSTOM, ProviderForm
from app.ui.session.notices import answered


class FoundServers(rx.State):
    """What the dialog and the empty list do with a card."""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def add(self, base_url: str) -> object:
        """Open the dialog at this server's fields; one that is set up already, at what is saved."""
        near = (await self.get_state(LocalServers))._at(base_url)
        if near is None:
            return None
        if near.provider:
            return ProviderForm.edit(near.provider)
        form = await self.get_state(ProviderForm)
        if not (is_open := await dialogs.is_open(self, ADD)):
            form._clear()
        await form._take(near.preset or CUSTOM)
        await form._put_address(base_url)
        if near.models and "none" in form.auth_types:
            form.auth_type = "none"
            form._ask()
        again = ProviderForm.add(form.preset)
        await (dialogs.note(self, again=again) if is_open else dialogs.open_(self, ADD, again=again))
        return None
