"""The dialog that replaces a key without a gap: paste the new one, test it beside the old one, put it in use, go back if need be."""

import reflex as rx
from reflex.state import BaseState

from app.domain.actor import Role
from app.domain.errors import DuplicateKey, InvalidDraft
from app.services import providers, rotation
from app.services.providers.reading import auth_types
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.pages.provider.keys import key_draft
from app.ui.pages.provider.keys.key_draft import FILE, PASTE, VARIABLE
from app.ui.pages.provider.keys.key_form import KeyField
from app.ui.pages.provider.keys.key_rows import KeyRow
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.probe.probing import Probing
from app.ui.provider_form.form_draft import take_secrets
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, reasons, tell

STEPS = ("paste", "test", "promote", "done")
KEEP_HOURS = (1, 24, 168, 720, 0)  # how long the old key can be kept; 0 = not at all
DEFAULT_HOURS = 24
ROTATE = dialogs.kind("replace a key")


class Rotating(rx.State):
    """`step`: paste, test, promote or done. `doubting`: the new key did not pass, and somebody wants to use it all the same.
    Whoever leaves in the middle finds the new key in the table, not in use."""

    step: str = ""
    ticket: int = 0
    old_id: str = ""
    old_label: str = ""
    old_hint: str = ""
    new_id: str = ""
    new_label: str = ""
    way: str = PASTE
    fields: list[KeyField] = []
    keep_hours: str = str(DEFAULT_HOURS)
    kept_until: str = ""
    doubting: bool = False
    errors: dict[str, str] = {}
    error_seq: int = 0
    _provider: str = ""

    @rx.var
    def number(self) -> int:
        """Which step it is, from 1."""
        return STEPS.index(self.step) + 1 if self.step in STEPS else 1

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def begin(self, key_id: str) -> None:
        """Open the dialog for a key that is to be replaced; where that has begun already, go on."""
        key = await self._key(key_id)
        if key is None:
            return
        if key.replaced_by:
            await self._resume(key.replaced_by)
            return
        await self._clear()
        provider = await providers.get(await actor(self), (await self.get_state(ProviderKeys)).provider)
        info = auth_types()[provider.auth_type]
        self._provider = provider.name
        self.fields = [KeyField(field, field in info.required_fields) for field in info.secret_fields]
        self.old_id, self.old_label, self.old_hint = key.id, key.label, key.hint
        self.step = "paste"
        await dialogs.open_(self, ROTATE, key.id, again=Rotating.begin(key.id))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def resume(self, key_id: str) -> None:
        """Go on with a new key that is not in use yet."""
        await self._resume(key_id)

    @rx.event
    @answered
    @choice
    async def choose_way(self, way: str) -> None:
        """Paste the key, or say where it lives."""
        self.way, self.errors = way if way in (PASTE, VARIABLE, FILE) else PASTE, {}

    @rx.event
    @answered
    @choice
    async def choose_keep(self, hours: str) -> None:
        """How long the old key is kept."""
        self.keep_hours = hours if hours in {str(h) for h in KEEP_HOURS} else str(DEFAULT_HOURS)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ROTATE)
    async def submit(self, form: dict[str, str]) -> None:
        """Store the new key beside the old one; nothing uses it yet."""
        secrets = take_secrets(form)
        if self.step != "paste":
            return
        who, locale = await actor(self), await language(self)
        self.errors = {}
        try:
            draft = key_draft.replacement(form, secrets, way=self.way)
            key = await rotation.start(who, self._provider, draft, replaces=self.old_id)
        except (InvalidDraft, DuplicateKey) as error:
            self.errors, self.error_seq = key_draft.placed(reasons(locale, error)), self.error_seq + 1
            return
        self.new_id, self.new_label, self.step = key.id, key.label, "test"
        await dialogs.go_on(self, again=Rotating.resume(key.id))
        await (await self.get_state(ProviderKeys))._look()

    @rx.event
    @answered
    async def go_on(self) -> None:
        """From the test to the last question."""
        if self.step == "test":
            self.step = "promote"

    @rx.event
    @answered
    async def back(self) -> None:
        """To the test again."""
        if self.step == "promote":
            self.step = "test"

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ROTATE)
    async def ask_promote(self, dialog: str) -> None:
        """Put the new key in use; ask first where it did not pass its test."""
        await (await self.get_state(ProviderKeys))._look()
        new = await self._key(self.new_id)
        if new is None or new.outcome not in ("ok", "partly"):
            self.doubting = True
        else:
            await self._promote()

    @rx.event
    @answered
    async def doubt(self, _open: bool = False) -> None:
        """Rather not."""
        self.doubting = False

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ROTATE)
    async def promote(self, dialog: str) -> None:
        """Put the new key in use, tested or not."""
        self.doubting = False
        await self._promote()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def roll_back(self, key_id: str) -> None:
        """Back to the old key, in one step. `key_id`: either of the two."""
        old = await rotation.rollback(await actor(self), key_id)
        await dialogs.close(self)
        await (await self.get_state(ProviderKeys))._look()
        await tell(self, "success", i18n.say(await language(self), "rotation.went_back", name=old.label))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def cancel(self, key_id: str) -> None:
        """Delete a new key that was never in use."""
        await rotation.cancel(await actor(self), key_id)
        await dialogs.close(self)
        await (await self.get_state(ProviderKeys))._look()
        await tell(self, "success", i18n.say(await language(self), "rotation.cancelled"))

    async def _promote(self) -> None:
        if self.step != "promote":
            return
        hours = int(self.keep_hours)
        await rotation.promote(await actor(self), self.new_id, keep_hours=hours)
        keys = await self.get_state(ProviderKeys)
        await keys._look()
        old = next((key for key in keys._every() if key.id == self.old_id), None)
        self.kept_until = old.retire_at if old else ""
        self.step = "done"
        await dialogs.go_on(self)

    async def _resume(self, key_id: str) -> None:
        new = await self._key(key_id)
        old = await self._key(new.replaces_id) if new else None
        if new is None or old is None:
            return
        await self._clear()
        self._provider = (await self.get_state(ProviderKeys)).provider
        self.old_id, self.old_label, self.old_hint = old.id, old.label, old.hint
        self.new_id, self.new_label, self.step = new.id, new.label, "test"
        await dialogs.open_(self, ROTATE, old.id, again=Rotating.resume(new.id))

    async def _key(self, key_id: str) -> KeyRow | None:
        return next((key for key in (await self.get_state(ProviderKeys))._every() if key.id == key_id), None)

    async def _clear(self) -> None:
        """Empty, as for another key."""
        await _left(self)
        ticket, seq = self.ticket + 1, self.error_seq
        self.reset()
        self.ticket, self.error_seq = ticket, seq


@dialogs.leaving(ROTATE)
async def _left(state: BaseState) -> None:
    """The two ladders go with the dialog: in the table they would stand twice."""
    dialog, runs = await state.get_state(Rotating), (await state.get_state(Probing)).runs
    for key_id in {dialog.old_id, dialog.new_id} & set(runs):
        runs.pop(key_id)
