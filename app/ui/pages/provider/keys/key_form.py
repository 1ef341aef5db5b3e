"""The dialogs that add keys to a provider and change one. What is typed into a secret field is in no var."""

from dataclasses import dataclass
from datetime import datetime

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.credentials.credential import Credential, KeyState
from app.domain.errors import DuplicateKey, InvalidDraft
from app.domain.secret import Secret
from app.services import credentials, providers
from app.services.providers.reading import auth_types
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.pages.provider.keys import key_draft
from app.ui.pages.provider.keys.key_draft import FILE, PASTE, VARIABLE
from app.ui.pages.provider.keys.key_rows import HELD, RESERVE
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.provider_form.form_draft import take_secrets
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language, reasons, tell

_STATES = {RESERVE: KeyState.STANDBY.value}
ADD, EDIT = dialogs.kind("add keys"), dialogs.kind("edit a key")
SEVERAL = "keys"  # the secret field that takes one key a line


@dataclass(frozen=True, slots=True)
class KeyField:
    """A secret field of the auth type. `word` is its key below `auth.`."""

    word: str
    required: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one line. `problem` says why it was not stored, `also_at` where else the key is."""

    line: int
    hint: str
    label: str
    problem: str
    also_at: str


class KeyForm(rx.State):
    """`step`: add, added (what became of each line) or edit. `way`: paste, env or file. `one_a_line`: a key of this provider
    is a single text, so that several can be pasted. `ticket` changes whenever the dialog opens."""

    step: str = ""
    ticket: int = 0
    provider_label: str = ""
    way: str = PASTE
    state: str = KeyState.ACTIVE.value
    fields: list[KeyField] = []
    one_a_line: bool = True
    results: list[Stored] = []
    errors: dict[str, str] = {}
    error_seq: int = 0
    key_id: str = ""
    label: str = ""
    weight: int = 1
    priority: int = 1
    expires_on: str = ""
    can_switch: bool = True
    _provider: str = ""
    _ends_at: datetime | None = None  # when it ends now
    _was: str = ""  # the state it had when the dialog opened

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def add(self) -> None:
        """Open the empty dialog for the provider on the page."""
        self._clear()
        name = (await self.get_state(ProviderKeys)).provider
        provider = await providers.get(await actor(self), name)
        info = auth_types()[provider.auth_type]
        self._provider = name
        self.fields = [KeyField(field, field in info.required_fields) for field in info.secret_fields]
        # A document has lines of its own.
        self.one_a_line = len(self.fields) == 1 and not any(f.multiline for f in info.fields)
        self.step, self.provider_label = "add", provider.label
        await dialogs.open_(self, ADD, provider.id, again=KeyForm.add)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def edit(self, key_id: str) -> None:
        """Open the dialog with a saved key."""
        keys = await self.get_state(ProviderKeys)
        key = next((key for key in keys._every() if key.id == key_id), None)
        if key is None:
            return
        self._clear()
        self._provider, self.key_id, self.label = keys.provider, key.id, key.label
        self.weight, self.priority, self.expires_on = key.weight, key.priority, key.ends_on
        self.can_switch = key.zone != HELD
        self.state = KeyState.DISABLED.value if key.look == KeyState.DISABLED else _STATES.get(key.zone, KeyState.ACTIVE.value)
        self._was = self.state
        self._ends_at = datetime.fromisoformat(key.expires_at) if key.expires_at else None
        self.step = "edit"
        await dialogs.open_(self, EDIT, key.id, again=KeyForm.edit(key.id))

    @rx.event
    @answered
    @choice
    async def choose_way(self, way: str) -> None:
        """Paste the key, or say where it lives."""
        self.way, self.errors = way if way in (PASTE, VARIABLE, FILE) else PASTE, {}

    @rx.event
    @answered
    @choice
    async def choose_state(self, state: str) -> None:
        """In use, reserve or off."""
        self.state = state if state in (KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED) else KeyState.ACTIVE.value

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ADD)
    async def submit(self, form: dict[str, str]) -> None:
        """Store what was typed: one key, or one a line."""
        secrets = take_secrets(form)
        if self.step != "add":
            return
        who, locale = await actor(self), await language(self)
        self.errors = {}
        try:
            self.results = await self._store(who, form, secrets, locale)
        except (InvalidDraft, DuplicateKey) as error:
            self._mark(error, locale)
            return
        await (await self.get_state(ProviderKeys))._look()
        stored = [result for result in self.results if not result.problem]
        if len(stored) == len(self.results) and not any(result.also_at for result in stored):
            await dialogs.close(self)
            await tell(self, "success", i18n.say(locale, "key_done.added", n=len(stored)))
        else:
            self.step = "added"
            await dialogs.go_on(self)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(EDIT)
    async def save(self, form: dict[str, str]) -> None:
        """Change a saved key."""
        take_secrets(form)
        if self.step != "edit":
            return
        who, locale = await actor(self), await language(self)
        try:
            patch = key_draft.patch(form, state=self.state if self.state != self._was else None, ends_at=self._ends_at)
            changed = await credentials.update(who, self.key_id, patch)
        except (InvalidDraft, DuplicateKey) as error:
            self._mark(error, locale)
            return
        await dialogs.close(self)
        await (await self.get_state(ProviderKeys))._look()
        await tell(self, "success", i18n.say(locale, "key_done.saved", name=changed.label))

    async def _store(self, who: Actor, form: dict[str, str], secrets: dict[str, Secret], locale: str) -> list[Stored]:
        """One key, or one a line; a line that cannot be stored says why and keeps no other from being stored."""
        several = secrets.pop(SEVERAL, Secret(""))
        draft = key_draft.draft(form, secrets, way=self.way, state=self.state)
        if self.way != PASTE or not self.one_a_line:
            return [_stored(1, await credentials.add(who, self._provider, draft), locale)]
        lines = [(number, line) for number, line in enumerate(several.reveal().splitlines(), 1) if line.strip()]
        field = self.fields[0].word
        if len(lines) < 2:
            draft = draft.model_copy(update={"secret": {field: Secret(lines[0][1])} if lines else {}})
            return [_stored(1, await credentials.add(who, self._provider, draft), locale)]
        found, given = [], draft.label
        for number, line in lines:
            label = f"{given[:74]} {number}" if given else None  # a name has 80 characters at most
            draft = draft.model_copy(update={"label": label, "secret": {field: Secret(line)}})
            try:
                found.append(_stored(number, await credentials.add(who, self._provider, draft), locale))
            except (InvalidDraft, DuplicateKey) as error:
                found.append(Stored(number, "", "", answer(locale, error), ""))
        return found

    def _mark(self, error: InvalidDraft | DuplicateKey, locale: str) -> None:
        """Put an error at its field."""
        self.errors = key_draft.placed(reasons(locale, error))
        if self.one_a_line and self.step == "add" and self.way == PASTE:
            first = f"secret.{self.fields[0].word}"
            self.errors = {f"secret.{SEVERAL}" if name in (first, "secret") else name: why for name, why in self.errors.items()}
        self.error_seq += 1

    def _clear(self) -> None:
        ticket, seq = self.ticket + 1, self.error_seq
        self.reset()
        self.ticket, self.error_seq = ticket, seq


def _stored(number: int, key: Credential, locale: str) -> Stored:
    hint = f"••••{key.hint}" if not key.reference else ""
    return Stored(number, hint, key.label, "", i18n.say(locale, "common.comma").join(key.also_at))
