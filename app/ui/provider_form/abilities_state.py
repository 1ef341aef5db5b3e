"""What the provider in the dialog can do: the admin's word, the vendor's, and which of them counts."""

import reflex as rx

from app.domain.actor import Role
from app.domain.providers.capabilities import ABILITIES, UNDECLARED, Capabilities, Support
from app.domain.providers.preset import Preset
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.session.notices import answered

_NOTHING: dict[str, str] = dict.fromkeys(ABILITIES, Support.UNKNOWN.value)


class Abilities(rx.State):
    """Ability → yes, no or unknown."""

    own: dict[str, str] = _NOTHING
    vendor: dict[str, str] = _NOTHING
    counts: dict[str, str] = _NOTHING
    context_limit: str = ""
    test_path: str = ""
    known: bool = False  # whether anything is

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def choose(self, ability: str, support: str) -> None:
        """Declare one ability."""
        if ability in ABILITIES and support in list(Support):
            self.own = self.own | {ability: support}
            self._count()

    def _count(self) -> None:
        self.counts = {a: self.own[a] if self.own[a] != Support.UNKNOWN else self.vendor[a] for a in ABILITIES}
        self.known = any(support != Support.UNKNOWN for support in self.counts.values()) or bool(self.context_limit)


def show(abilities: Abilities, own: Capabilities | None, preset: Preset | None) -> None:
    """Take what is declared for the provider that the dialog opens with."""
    own = own or UNDECLARED
    abilities.own = {a: getattr(own, a).value for a in ABILITIES}
    abilities.vendor = {a: getattr(preset.capabilities if preset else UNDECLARED, a).value for a in ABILITIES}
    abilities.context_limit, abilities.test_path = str(own.context_limit or ""), own.test_path
    abilities._count()
