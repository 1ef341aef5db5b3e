"""The dialog that adds and edits a provider: its steps, its fields, the address preview. Testing and saving: `form_submit`.

The key is typed into a field that no var knows. Label and address are mirrored while typed: for the preview, and to outlive its vendor.
"""

import reflex as rx
from reflex.state import BaseState

from app.domain.actor import Role
from app.domain.errors import InvalidDraft
from app.domain.probes.probe import FixAction
from app.domain.providers.address import looks_local, normalise
from app.domain.providers.drafts import filled
from app.domain.providers.provider import Provider, ProviderType
from app.domain.providers.routes import effective_urls, readable
from app.services import providers
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets import gallery
from app.ui.presets.face import face
from app.ui.presets.gallery import Gallery, key_prefixes, preset_of, ways_of
from app.ui.presses import choice, quiet
from app.ui.probe.probe_options import Suggestion, of_draft
from app.ui.probe.run import Run
from app.ui.provider_form import auth_fields, form_values
from app.ui.provider_form.abilities_state import Abilities, show
from app.ui.provider_form.auth_fields import Ask
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language

CUSTOM = "custom"
GUIDED = "guided"
ADD, EDIT = dialogs.kind("add a provider"), dialogs.kind("edit a provider")


class ProviderForm(rx.State):
    """`step`: "" (nothing to show), choose, fields or saved; guided while the wizard shows the fields. `ticket` changes whenever the
    dialog opens or closes: what was asked before is dropped when it comes back. `seed` changes when typed fields must be drawn anew."""

    step: str = ""
    ticket: int = 0
    seed: int = 0
    editing: str = ""  # name of the provider, "" = a new one
    title: str = ""
    preset: str = ""
    logo: str = ""
    initials: str = ""
    tint: str = "gray"
    label: str = ""
    base_url: str = ""
    address_folded: bool = False
    at_root: bool = False  # an address without a path is used as it is
    key_url: str = ""
    own_prefixes: list[str] = []
    vendor_prefixes: dict[str, str] = {}
    auth_type: str = ""
    auth_types: list[str] = []
    asks: list[Ask] = []
    key_hint: str = ""
    has_key: bool = False
    keys: int = 0  # saved ones; several are replaced one by one, on the provider's page
    key_id: str = ""  # of the saved key, where it fetches tokens
    replacing: bool = False
    unreadable: bool = False
    name: str = ""
    description: str = ""
    tags: str = ""
    default_model: str = ""
    limits: dict[str, str] = {}  # field of `Network` → seconds, where the provider has its own
    allowed: dict[str, str] = {}  # field of `ProviderLimits` → number, where there is a limit
    only_listed: bool = False
    calls_to: str = ""
    notes: list[str] = []
    address_error: str = ""
    is_local: bool = False
    going_to: str = ""  # the new host, when the saved key was entered for another one
    errors: dict[str, str] = {}
    error_seq: int = 0
    forget_seq: int = 0
    run: Run = Run()
    testing: bool = False
    again: bool = False  # the browser tests once more: a repair was made
    deeper: bool = False  # the next test goes on to a chat, whatever the field says
    carry_seq: int = 0  # grows when what was typed as a key belongs into another field
    asked_model: str = ""
    models: list[Suggestion] = []  # that may be asked
    saving: bool = False
    stale: str = ""
    version: int = 0
    _label_given: str = ""
    _origin: str = ""
    _provider: Provider | None = None
    _texts: dict[str, str] = {}  # readable fields of the auth type, as typed

    @rx.var
    def tested(self) -> bool:
        """Whether a ladder is worth drawing."""
        return self.testing or bool(self.run.lines) or self.run.outcome != ""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def add(self, preset: str = "") -> None:
        """Open the dialog: at the choice, or directly at one vendor's fields."""
        self._clear()
        await gallery.open_(await self.get_state(Gallery))
        self.step = "choose"
        if preset:
            await self._take(preset)
        await dialogs.open_(self, ADD, again=ProviderForm.add(preset))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def choose(self, preset: str) -> None:
        """Take a vendor, or Custom Provider. What was typed stays; the key does not."""
        await self._take(preset)
        await dialogs.note(self, again=ProviderForm.add(self.preset))

    @rx.event
    @answered
    async def back(self) -> None:
        """To the choice; the fields stay as they are."""
        self.step = "choose"

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def edit(self, name: str) -> None:
        """Open the dialog with a saved provider."""
        provider = await providers.get(await actor(self), name)
        self._clear()
        await self._fill(provider)
        await dialogs.open_(self, EDIT, provider.id, again=ProviderForm.edit(name))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def reload(self) -> None:
        """Take over what somebody else saved; what was typed here is dropped."""
        provider = await providers.get(await actor(self), self.editing)
        self._clear()
        await self._fill(provider)
        await dialogs.go_on(self)

    @rx.event
    @answered
    @quiet
    async def type_label(self, seed: int, text: str) -> None:
        """Mirror of the label."""
        if seed != self.seed or text == self.label:
            return
        self.label = text[:80]
        if self.preset == CUSTOM:
            self._face(self.label.strip())

    @rx.event
    @answered
    @quiet
    async def type_address(self, seed: int, text: str) -> None:
        """Mirror of the address: shows where calls will go."""
        if seed != self.seed or text == self.base_url:
            return
        self.base_url = text[:2_100]
        await self._preview()

    @rx.event
    @answered
    @quiet
    async def type_field(self, seed: int, field: str, text: str) -> None:
        """Mirror of a readable field of the auth type: some of them are a part of the address."""
        if seed == self.seed:
            self._texts = {**self._texts, field: text.strip()[:200]}
            await self._preview()

    @rx.event
    @answered
    @choice
    async def choose_auth(self, auth_type: str) -> None:
        """Another way to sign in; other fields."""
        if auth_type in self.auth_types:
            self.auth_type = auth_type
            self._ask()
            self._fold()
            await self._preview()

    @rx.event
    @answered
    @choice
    async def choose_root(self, on: bool) -> None:
        """Leave an address without a path as it is, or let it get /v1."""
        self.at_root = bool(on)
        await self._preview()

    @rx.event
    @answered
    @choice
    async def replace_key(self, on: bool = True) -> None:
        """Show or hide the field for a new key."""
        self.replacing = on

    async def _take(self, preset: str) -> None:
        known = preset_of("" if preset == CUSTOM else preset)
        self.preset = known.id if known else CUSTOM
        if self.label in ("", self._label_given):
            self.label = self._label_given = known.label if known else ""
        self.base_url, self.at_root = known.base_url if known else "", False
        self.key_url = known.key_url if known else ""
        self.own_prefixes, self.vendor_prefixes = list(known.key_prefixes) if known else [], key_prefixes()
        self.title = known.label if known else ""
        self._face(self.title)
        self.auth_types, self.models = ways_of(known), of_draft([], self.preset)
        self.auth_type = self.auth_types[0]
        self._ask()
        self._fold()
        show(await self.get_state(Abilities), None, known)
        self.step, self.seed, self.errors, self.run = "fields", self.seed + 1, {}, Run()
        await self._preview()

    async def _fill(self, provider: Provider) -> None:
        known = preset_of(provider.preset)
        key = next((c for c in provider.credentials if c.is_set), None)
        self._provider, self._origin = provider, key.origin if key else ""
        self.preset = provider.preset or CUSTOM
        self._face(provider.label)
        form_values.fill(self, form_values.of_saved(provider, known))
        self._ask()
        show(await self.get_state(Abilities), provider.capabilities, known)
        self.step, self.seed = "fields", self.seed + 1
        await self._preview()

    def _fold(self) -> None:
        """Hide an address that is made; what a person must fill in there shows."""
        self.address_folded = not self.editing and form_values.is_made(preset_of(self.preset), self.auth_type, self.base_url)

    @property
    def _type(self) -> ProviderType:
        known = preset_of(self.preset)
        return self._provider.type if self._provider else known.type if known else ProviderType.CUSTOM

    async def _put_address(self, base_url: str, fix: str = "") -> None:
        """An address that was found or proposed. `fix`: the repair it comes from."""
        self.base_url, self.address_folded, self.seed = base_url, False, self.seed + 1
        self.at_root = self.at_root or fix == FixAction.AT_ROOT
        await self._preview()

    def _face(self, label: str) -> None:
        look = face(label, preset_of(self.preset))
        self.logo, self.initials, self.tint = look.logo, look.initials if label else "", look.tint

    def _ask(self) -> None:
        self._texts = form_values.fields(self._provider, self.auth_type)
        self.has_key, self.keys, self.key_id = form_values.keys(self._provider, self.auth_type)
        self.asks = auth_fields.asks(self.auth_type, self._texts, self._type)

    async def _preview(self) -> None:
        """Where calls will go, while it is typed. An unfinished address is no error yet."""
        try:
            known, type_ = preset_of(self.preset), self._type
            typed = filled(self.base_url, self._texts)
            address = normalise(typed, known=known.base_url if known else "", at_root=self.at_root, type_=type_)
        except InvalidDraft as error:
            self.calls_to, self.notes, self.is_local, self.going_to = "", [], False, ""
            self.address_error = answer(await language(self), error) if self.base_url.strip() else ""
            return
        self.calls_to, self.address_error = readable(effective_urls(type_, address.base_url, self._texts)["chat"]), ""
        self.notes = [*address.notes, *(["at_root"] if self.at_root and address.is_at_root else [])]
        self.is_local = looks_local(address.origin)
        bound = self._origin if self.has_key else ""
        self.going_to = auth_fields.moved(self.auth_type, address.origin, self._texts, bound) if bound else ""
        self.replacing = self.replacing or bool(self.going_to)
        self.errors = {f: why for f, why in self.errors.items() if f != "base_url"}

    def _clear(self) -> None:
        """Closed, empty; whatever is still under way is dropped when it comes back."""
        ticket, seed, seq, forget = self.ticket + 1, self.seed + 1, self.error_seq, self.forget_seq
        self.reset()
        self.ticket, self.seed, self.error_seq, self.forget_seq = ticket, seed, seq, forget


@dialogs.leaving(ADD)
@dialogs.leaving(EDIT)
async def _left(state: BaseState) -> None:
    """What is still under way is dropped when it comes back."""
    (await state.get_state(ProviderForm)).ticket += 1
