"""Who may sign in, in this tab."""

from dataclasses import dataclass

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.errors import EmailTaken, InvalidDraft
from app.domain.people.people import User
from app.domain.secret import Secret
from app.services import people
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, reasons, tell

ADD = dialogs.kind("add a person")


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `last_login_at` is ISO 8601 or ""."""

    id: str
    email: str
    name: str
    role: str
    active: bool
    last_login_at: str
    refused: bool


class People(rx.State):
    """The list and the form that adds to it."""

    loaded: bool = False
    people: list[Person] = []
    ticket: int = 0
    role: str = Role.VIEWER.value
    errors: dict[str, str] = {}
    error_seq: int = 0

    @rx.event
    @answered
    async def load(self) -> None:
        """Look anew."""
        self.people = [_person(user) for user in await people.list_(await actor(self))]
        self.loaded = True

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def open_form(self) -> None:
        """Show the form."""
        self.errors, self.role, self.ticket = {}, Role.VIEWER.value, self.ticket + 1
        await dialogs.open_(self, ADD, again=People.open_form)

    @rx.event
    @answered
    @choice
    async def choose_role(self, role: str) -> None:
        """Role of the new person."""
        self.role = role if role in set(Role) else Role.VIEWER.value

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ADD)
    async def create(self, form: dict[str, str]) -> None:
        """Add the person. The first password is in the event and in the hash, nowhere else."""
        locale, password = await language(self), Secret(form.pop("password", ""))
        try:
            user = await people.create(await actor(self), form.get("email", ""), form.get("name", ""), Role(self.role), password)
        except (InvalidDraft, EmailTaken) as error:
            self.errors = reasons(locale, error)
            self.error_seq += 1
            return
        await dialogs.close(self)
        self.people = sorted([*self.people, _person(user)], key=lambda p: p.email)
        await tell(self, "success", i18n.say(locale, "done.person_added", name=user.name))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def switch(self, user_id: str, on: bool) -> None:
        """Let a person sign in, or not any more."""
        who = await actor(self)
        user, left = await _switched(who, user_id, on=on)
        self.people = [_person(user) if p.id == user_id else p for p in self.people]
        locale = await language(self)
        done = i18n.say(locale, "done.person_enabled" if on else "done.person_disabled", name=user.name)
        await tell(self, "success", i18n.say(locale, "done.person_disabled_keys", name=user.name, n=left) if left else done)


async def _switched(who: Actor, user_id: str, *, on: bool) -> tuple[User, int]:
    """The person, and how many keys that they made for apps still work."""
    if on:
        return await people.enable(who, user_id), 0
    user = await people.disable(who, user_id)
    return user, user.keys_left


def _person(user: User) -> Person:
    last = user.last_login_at.isoformat() if user.last_login_at else ""
    return Person(user.id, user.email, user.name, user.role.value, user.is_active, last, user.is_refused)
