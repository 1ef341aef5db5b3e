"""The access token of the key that the dialog shows: how long it is valid, and fetching one now. The token itself stays behind."""

import reflex as rx

from app.domain.actor import Role
from app.services import tokens
from app.ui.permission import requires
from app.ui.presses import busy
from app.ui.session.current_user import actor
from app.ui.session.notices import answered


class TokenNow(rx.State):
    """`until`: the end of the token at hand, "" when there is none."""

    until: str = ""
    busy: bool = False

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def look(self, credential_id: str) -> None:
        """Show what this worker holds."""
        found = tokens.info(credential_id)
        self.until, self.busy = found.expires_at.isoformat() if found else "", False

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def fetch(self, credential_id: str) -> None:
        """Fetch one now."""
        async with busy(self, TokenNow, "busy") as is_free:
            if not is_free or not credential_id:
                return
            async with self:
                who = await actor(self)
            found = await tokens.fetch(who, credential_id)
            async with self:
                self.until = found.expires_at.isoformat()
