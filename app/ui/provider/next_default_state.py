"""Before the default provider is switched off or deleted: who is the default afterwards."""

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.providers.provider import ProviderQuery
from app.services import providers
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, tell

KEEP, NONE = "", "-"  # neither is the name of a provider
MOST = 100
SWITCH_OFF = dialogs.kind("switch the default off")


class NextDefault(rx.State):
    """`name` is the default provider that is about to be switched off. `others` are (name, label) of
    those that could take its place, `chosen` one of them, KEEP or NONE."""

    name: str = ""
    label: str = ""
    others: list[list[str]] = []
    chosen: str = KEEP

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def ask(self, name: str) -> None:
        """Open the question whether to switch the default off."""
        who = await actor(self)
        provider = await providers.get(who, name)
        await self._offer(who, name, KEEP)
        self.name, self.label = name, provider.label
        await dialogs.open_(self, SWITCH_OFF, provider.id, again=NextDefault.ask(name))

    @rx.event
    @answered
    @choice
    async def choose(self, chosen: str) -> None:
        """Who takes its place."""
        self.chosen = chosen if chosen in (KEEP, NONE, *(name for name, _ in self.others)) else KEEP

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(SWITCH_OFF)
    async def confirm(self, dialog: str) -> None:
        """Switch it off, with the default as chosen."""
        provider = await providers.disable(await actor(self), self.name, next_default=_said(self.chosen))
        await dialogs.close(self)
        await tell(self, "success", i18n.say(await language(self), "done.disabled", name=provider.label))

    async def _offer(self, who: Actor, name: str, chosen: str) -> None:
        """The providers that are on and could take over from this one."""
        found = (await providers.list_(who, ProviderQuery(limit=MOST))).items
        self.others = [[p.name, p.label] for p in found if p.enabled and p.name != name]
        self.chosen = chosen


def _said(chosen: str) -> str | providers.Default | None:
    return {KEEP: providers.Default.KEEP, NONE: None}.get(chosen, chosen)


async def offer(state: rx.State, name: str) -> None:
    """For the question whether to delete the default: none is proposed, one can be chosen."""
    await (await state.get_state(NextDefault))._offer(await actor(state), name, NONE)


async def chosen(state: rx.State) -> str | None:
    """Who is the default after the deletion, None = nobody."""
    picked = (await state.get_state(NextDefault)).chosen
    return None if picked in (KEEP, NONE) else picked
