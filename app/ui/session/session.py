"""Who sits in front of this tab, for drawing. What they may do is decided by the guard and by the services."""

import reflex as rx

from app.domain.actor import Role
from app.services import recovery, setup
from app.ui.i18n import days
from app.ui.permission import public
from app.ui.presses import quiet
from app.ui.session import current_user
from app.ui.session.notices import answered


class SessionState(rx.State):
    """Name and role for the shell. `_owner` is the session whose data this tab's state tree holds; only the guard writes it."""

    is_known: bool = False
    user_id: str = ""
    name: str = ""
    email: str = ""
    role: str = ""
    zone: str = ""  # in which days end here
    is_setup_open: bool = False
    is_kit_due: bool = False
    _owner: str = ""
    _had_owner: bool = False
    _turned_away_at: float = 0.0

    @rx.var
    def is_admin(self) -> bool:
        """Whether changing things is offered."""
        return self.role == Role.ADMIN

    @rx.event
    @answered
    @quiet
    async def load(self) -> None:
        """First handler of every page behind the sign-in; the guard has turned strangers away before."""
        if found := await current_user.session(self):
            person = found.user
            self.user_id, self.name, self.email, self.role = person.id, person.name or person.email, person.email, person.role.value
            self.zone = days.zone_name()
            self.is_kit_due = await recovery.is_due(await current_user.actor(self))
            self.is_known = True

    @rx.event
    @public
    @answered
    @quiet
    async def greet(self) -> rx.event.EventSpec | None:
        """For the pages of the sign-in and the set-up: whoever is signed in already goes on to the console."""
        self.is_setup_open = await setup.is_open()
        return rx.redirect("/", replace=True) if await current_user.session(self) else None
