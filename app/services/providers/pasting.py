"""Providers out of a pasted text: first what would be added, then, where a person agrees, adding it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app import presets
from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft
from app.domain.credentials.secret_rules import hint_of
from app.domain.errors import InvalidDraft, PatchbayError
from app.domain.names import slugify
from app.domain.pasting.paste_reader import read
from app.domain.pasting.pasted import Doubt, Pasted, Source
from app.domain.providers.drafts import free_name, settle
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Provider, ProviderDraft
from app.domain.providers.routes import effective_urls
from app.domain.record import Record
from app.domain.secret import Secret
from app.services.kernel import lookup
from app.services.providers.reading import preset_of, taken_names
from app.services.providers.saving import create
from app.storage import provider_records
from app.storage import providers as rows
from app.storage.database import engine
from app.vault import ring

CUSTOM = "custom"


class Find(Record):
    """One provider of the text, without its secret. `places`: field of the auth type → (start, end) in the text.

    `calls_to` is "" while the address is incomplete. `has` names the provider that holds this very key already, `beside` one that
    has the same address and another key.
    """

    index: int
    source: Source
    preset: str | None
    label: str
    base_url: str
    calls_to: str
    auth_type: str
    auth: dict[str, str]
    places: dict[str, tuple[int, int]]
    hint: str
    model: str
    variable: str
    doubts: list[Doubt]
    has: str = ""
    beside: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether it can be added as it stands."""
        return bool(self.calls_to) and not {Doubt.WHICH_VENDOR, Doubt.ADDRESS, Doubt.NO_KEY, Doubt.MASKED} & set(self.doubts)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one find: the provider, or why there is none."""

    index: int
    provider: Provider | None
    problem: PatchbayError | None = None


async def look(actor: Actor, text: Secret, *, vendors: Mapping[int, str] | None = None) -> list[Find]:
    """What `add` would add; nothing is called and nothing is kept. `vendors` says for an index whose key it is (a preset, or
    "custom"), where a person corrected what was found."""
    actor.must_admin()
    found = _found(text, vendors or {})
    if not found:
        return []
    async with engine.session() as session:
        stored = await provider_records.load(session, await rows.changed_after(session, -1))
    return [_find(n, one, text, stored) for n, one in enumerate(found)]


async def add(actor: Actor, text: Secret, wanted: Sequence[int], *, vendors: Mapping[int, str] | None = None) -> list[Added]:
    """Save these finds of the text, each by itself: one that cannot be saved does not keep the others from it."""
    actor.must_admin()
    found = _found(text, vendors or {})
    done = []
    for index in dict.fromkeys(wanted):
        if not 0 <= index < len(found):
            continue
        try:
            done.append(Added(index, await create(actor, await _draft(found[index], text))))
        except PatchbayError as error:
            done.append(Added(index, None, error))
    return done


def _found(text: Secret, vendors: Mapping[int, str]) -> list[Pasted]:
    return [_of_vendor(one, vendors.get(n, "")) for n, one in enumerate(read(text.reveal(), presets.all_()))]


def _of_vendor(found: Pasted, vendor: str) -> Pasted:
    """The same key, for the vendor a person named; "" = nobody said anything."""
    if not vendor or vendor == (found.preset or (CUSTOM if found.base_url else "")):
        return found
    doubts = tuple(d for d in found.doubts if d not in (Doubt.WHICH_VENDOR, Doubt.SHARED_PREFIX))
    preset = presets.find(vendor)
    auth_type = preset.auth_type if preset else "api_key"
    fields = lookup.auth_types()[auth_type].secret_fields
    places = dict(zip(fields, found.secrets.values(), strict=False))
    keeps_address = preset is None or preset.local or "{" in preset.base_url
    base_url = found.base_url if keeps_address else ""
    return Pasted(found.source, preset.id if preset else None, base_url, auth_type, {}, places,
                  found.model, found.variable, doubts)  # fmt: skip


def _find(index: int, found: Pasted, text: Secret, stored: Sequence[Provider]) -> Find:
    preset = presets.find(found.preset)
    address, type_ = "", preset.type if preset else ProviderDraft.model_fields["type"].default
    try:
        settled = settle(_filled(found, text, "draft", preset), preset=preset, types=lookup.auth_types())
        address = settled.address.base_url
    except InvalidDraft:
        settled = None
    secret = next(iter(_secrets(found, text).values()), Secret(""))
    mark = ring.current().fingerprint(secret) if secret else ""
    at_home = [p for p in stored if settled and p.origin == settled.address.origin]
    twin = next((p for p in at_home if mark and any(c.fingerprint == mark for c in p.credentials)), None)
    return Find(
        index=index,
        source=found.source,
        preset=found.preset,
        label=_label(found, preset),
        base_url=found.base_url,
        calls_to=effective_urls(type_, address, dict(found.auth))["chat"] if address else "",
        auth_type=found.auth_type,
        auth=dict(found.auth),
        places=dict(found.secrets),
        hint=hint_of(secret),
        model=found.model,
        variable=found.variable,
        doubts=list(found.doubts),
        has=twin.label if twin else "",
        beside=at_home[0].label if at_home and not twin else "",
    )


async def _draft(found: Pasted, text: Secret) -> ProviderDraft:
    preset = presets.find(found.preset)
    label = _label(found, preset)
    async with engine.session() as session:
        name = free_name(preset.id if preset else slugify(label) or "provider", await taken_names(session))
    return _filled(found, text, name, preset)


def _filled(found: Pasted, text: Secret, name: str, preset: Preset | None) -> ProviderDraft:
    models = [*(preset.models if preset else []), *([found.model] if found.model else [])]
    fields = {
        "name": name,
        "label": _label(found, preset)[:80] or None,
        "auth_type": found.auth_type,
        "auth": dict(found.auth),
        "models": list(dict.fromkeys(models)),
        "default_model": found.model or None,
        **({"preset": preset.id} if preset else {}),
        **({"base_url": found.base_url} if found.base_url else {}),
    }
    if secrets := _secrets(found, text):
        fields["credential"] = CredentialDraft(secret=secrets)
    draft = ProviderDraft.model_validate(fields)
    preset_of(draft)
    return draft


def _secrets(found: Pasted, text: Secret) -> dict[str, Secret]:
    whole = text.reveal()
    return {field: Secret(whole[start:end]) for field, (start, end) in found.secrets.items()}


def _label(found: Pasted, preset: Preset | None) -> str:
    try:
        return preset.label if preset else (urlsplit(found.base_url).hostname or "")
    except ValueError:
        return ""
