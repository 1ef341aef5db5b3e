"""Model servers near this Patchbay: looked for on request, offered as cards. Shared by the wizard, the dialog and the empty list."""

from dataclasses import dataclass

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.domain.providers.discovery import FoundServer
from app.services import discovery
from app.ui.permission import requires
from app.ui.presets.face import face
from app.ui.presets.gallery import preset_of
from app.ui.presses import busy
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language


@dataclass(frozen=True, slots=True)
class Near:
    """One server as a card. `label` "" = it does not say what it is; `provider` "" = not added yet."""

    base_url: str
    shown: str
    preset: str
    label: str
    models: int
    provider: str
    logo: str
    initials: str
    tint: str


class LocalServers(rx.State):
    """`looked`: a search has ended. `problem`: why it could not be done, or ""."""

    looking: bool = False
    looked: bool = False
    servers: list[Near] = []
    hosts: str = ""
    problem: str = ""

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def look(self) -> None:
        """Look now."""
        async with busy(self, LocalServers, "looking") as is_free:
            if not is_free:
                return
            async with self:
                who, locale = await actor(self), await language(self)
                self.problem = ""
            try:
                found = await discovery.find(who)
            except PatchbayError as error:
                async with self:
                    self.problem = answer(locale, error)
                return
            async with self:
                self.looked, self.hosts = True, ", ".join(found.hosts)
                self.servers = [_near(server) for server in found.servers]

    def _at(self, base_url: str) -> Near | None:
        """The card of this address, if it was found."""
        return next((server for server in self.servers if server.base_url == base_url), None)


def _near(server: FoundServer) -> Near:
    look = face(server.label, preset_of(server.preset))
    return Near(
        base_url=server.base_url,
        shown=server.base_url.split("://", 1)[-1],
        preset=server.preset or "",
        label=server.label,
        models=len(server.models),
        provider=server.provider or "",
        logo=look.logo,
        initials=look.initials if server.label else "",
        tint=look.tint,
    )
