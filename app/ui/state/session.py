"""Who sits in front of this tab, for drawing. What they may do is decided by the guard and by the services."""

import reflex as rx

from app.domain.actor import Role
from app.ui.permission import public


class SessionState(rx.State):
    """Name and role for the shell. Filled on every page load by `load`."""

    is_known: bool = False
    user_id: str = ""
    name: str = ""
    email: str = ""
    role: str = ""

    @rx.var
    def is_admin(self) -> bool:
        """Whether changing things is offered."""
        return self.role == Role.ADMIN

    @rx.event
    @public
    async def load(self) -> None:
        """First handler of every page."""
