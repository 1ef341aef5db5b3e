"""Deleted providers in this tab: restored, or removed for good after a question."""

from dataclasses import dataclass

import reflex as rx

from app.domain.actor import Role
from app.services import providers
from app.services.providers import Trashed
from app.ui import i18n
from app.ui.i18n.days import day_of
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, tell

PURGE = dialogs.kind("remove for good")


@dataclass(frozen=True, slots=True)
class Gone:
    """A deleted provider. `deleted_at` is ISO 8601, `goes_on` the day after which it may be gone; `led_to` names the aliases that lead
    there."""

    id: str
    name: str
    label: str
    address: str
    deleted_at: str
    goes_on: str
    key_count: int
    model_count: int
    led_to: str


class Trash(rx.State):
    """`doomed` is the one in question."""

    loaded: bool = False
    gone: list[Gone] = []
    doomed: str = ""
    doomed_label: str = ""

    @rx.event
    @answered
    async def load(self) -> None:
        """Look anew."""
        await self._look()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def restore(self, provider_id: str) -> None:
        """Take one out of the trash."""
        provider = await providers.restore_from_trash(await actor(self), provider_id)
        await self._look()
        await tell(self, "success", i18n.say(await language(self), "trash.restored", name=provider.label))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def ask(self, provider_id: str) -> None:
        """Open the question whether to remove one for good."""
        found = next((one for one in self.gone if one.id == provider_id), None)
        if found is not None:
            self.doomed, self.doomed_label = found.id, found.label
            await dialogs.open_(self, PURGE, found.id, again=Trash.ask(found.id))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(PURGE)
    async def purge(self, dialog: str) -> None:
        """Remove the one in question for good."""
        await providers.purge(await actor(self), self.doomed)
        await dialogs.close(self)
        await self._look()
        await tell(self, "success", i18n.say(await language(self), "trash.purged", name=self.doomed_label))

    async def _look(self) -> None:
        locale = await language(self)
        self.gone = [_gone(one, locale) for one in await providers.in_trash(await actor(self))]
        self.loaded = True
        await dialogs.keep_to(self, {one.id for one in self.gone})


def _gone(one: Trashed, locale: str) -> Gone:
    return Gone(
        id=one.id,
        name=one.name,
        label=one.label,
        address=one.base_url.split("://", 1)[-1],
        deleted_at=one.deleted_at.isoformat(),
        goes_on=day_of(one.purge_at),
        key_count=one.keys,
        model_count=one.models,
        led_to=i18n.say(locale, "common.comma").join(one.aliases),
    )
