"""The access token of the key that the dialog shows: how long it is valid, and fetching one now. The token itself stays behind."""

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.services import tokens
from app.ui.permission import requires
from app.ui.state.acting import actor
from app.ui.state.notices import answer, language, tell


class TokenNow(rx.State):
    """`until`: the end of the token at hand, "" when there is none."""

    until: str = ""
    busy: bool = False

    @rx.event
    @requires(Role.ADMIN)
    async def look(self, credential_id: str) -> None:
        """Show what this worker holds."""
        found = tokens.info(credential_id)
        self.until, self.busy = found.expires_at.isoformat() if found else "", False

    @rx.event(background=True)
    @requires(Role.ADMIN)
    async def fetch(self, credential_id: str) -> None:
        """Fetch one now."""
        async with self:
            if self.busy or not credential_id:
                return
            who, spoken = await actor(self), await language(self)
            self.busy = True
        try:
            found = await tokens.fetch(who, credential_id)
        except PatchbayError as error:
            async with self:
                self.busy = False
                await tell(self, "error", answer(spoken, error))
            return
        async with self:
            self.until, self.busy = found.expires_at.isoformat(), False
