"""The rules a draft must keep, and what it looks like once they hold. Pure: who calls brings presets and auth types."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from app.domain import names
from app.domain.credentials import secret_rules
from app.domain.credentials.auth_field import AuthTypeInfo
from app.domain.credentials.credential import MOST_REFERENCES, CredentialDraft, CredentialPatch, Reference
from app.domain.errors import InvalidDraft, Reason
from app.domain.providers.address import Address, normalise
from app.domain.providers.capabilities import Capabilities
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ModelDraft, Network, ProviderDraft, ProviderLimits, ProviderPatch, ProviderType
from app.domain.secret import Secret

T = TypeVar("T")
KeyFields = tuple[dict[str, Secret], dict[str, Reference]]
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")  # one label of a host, one part of a path
NO_HINTS: Mapping[str, str] = MappingProxyType({})
FILL_IN = Reason("fill_in", "Fill in this field.")
NO_OPTION = Reason("no_option", "Choose one of the options.")


@dataclass(frozen=True, slots=True)
class Settled:
    """A draft in its final form. `secrets` holds only what was typed: an empty mapping keeps what is stored."""

    name: str
    label: str
    description: str
    type: ProviderType
    preset: str | None
    address: Address
    auth_type: str
    auth: dict[str, str]
    secrets: dict[str, Secret] = field(repr=False)
    references: dict[str, Reference]  # fields whose value lives elsewhere; part of the same key
    credential: CredentialDraft | None = field(repr=False)  # the rest of what was said about it
    destination: str  # what the secrets are sealed for
    servers: dict[str, str]  # field → origin that signing in calls beside the provider's
    default_model: str | None
    models: tuple[ModelDraft, ...]
    network: Network
    limits: ProviderLimits
    only_listed_models: bool
    capabilities: Capabilities
    tags: list[str]
    enabled: bool

    @property
    def brings_key(self) -> bool:
        """Whether a key, or a reference to one, came along."""
        return bool(self.secrets or self.references)


class _Findings:
    """Collects what is wrong, so that a person sees every field at once."""

    def __init__(self) -> None:
        self.errors: list[InvalidDraft] = []

    def ask(self, rule: Callable[[], T], otherwise: T) -> T:
        try:
            return rule()
        except InvalidDraft as error:
            self.errors.append(error)
            return otherwise

    def settle(self) -> None:
        match self.errors:
            case []:
                return
            case [only]:
                raise only
            case several:
                reasons = {f: why for error in several for f, why in error.reasons.items()}
                raise InvalidDraft(reasons, suggestions=several[0].suggestions)


def settle(
    draft: ProviderDraft, *, preset: Preset | None, types: Mapping[str, AuthTypeInfo], hints: Mapping[str, str] = NO_HINTS
) -> Settled:
    """Check a draft against every rule. `preset` is the one it names, or that of its type; `hints` maps secret fields
    to the hint of the stored secret. Raises `InvalidDraft` with one sentence for each field that breaks a rule."""
    found = _Findings()
    if "credential" in draft.model_fields_set and draft.credential is None:
        found.errors.append(InvalidDraft({"credential": "Omit credential to keep the saved key; a key is removed by its ID."}))
    type_ = found.ask(lambda: _type(draft, preset), draft.type)
    name = found.ask(lambda: names.check_slug(draft.name), draft.name)
    auth_type = draft.auth_type if "auth_type" in draft.model_fields_set or preset is None or not draft.preset else preset.auth_type
    info = found.ask(lambda: _auth_type(auth_type, types), AuthTypeInfo(name="", label="", fields=()))
    auth = found.ask(lambda: _auth(draft.auth, info), {}) if info.name else {}
    address = found.ask(lambda: _address(draft, preset, type_, info), Address("", ""))
    nothing: KeyFields = ({}, {})
    secrets, references = found.ask(lambda: key_fields(draft.credential, info, hints), nothing) if info.name else nothing
    models = tuple({m.identifier: m for m in map(_model, draft.models)}.values())
    found.ask(lambda: _default(draft, models), None)
    found.settle()
    return Settled(
        name=name,
        label=draft.label or (preset.label if preset and draft.preset else draft.name),
        description=draft.description.strip(),
        type=type_,
        preset=draft.preset,
        address=address,
        auth_type=auth_type,
        auth=auth,
        secrets=secrets,
        references=references,
        credential=draft.credential,
        destination=info.destination(address.origin, auth),
        servers=info.servers(auth),
        default_model=draft.default_model,
        models=models,
        network=draft.network,
        limits=draft.limits,
        only_listed_models=draft.only_listed_models,
        capabilities=draft.capabilities,
        tags=list(dict.fromkeys(draft.tags)),
        enabled=draft.enabled,
    )


def patched(current: ProviderDraft, patch: ProviderPatch) -> ProviderDraft:
    """`current` with what the patch sets; objects merge, None clears to the default. A default model that the patch takes off the list
    goes with it, unless the patch says otherwise. Raises `InvalidDraft` where nothing can be cleared."""
    fields: dict[str, object] = {f: getattr(patch, f) for f in patch.model_fields_set - {"detach", "version"}}
    for kept in ("enabled", "auth_type", "at_root"):
        if kept in fields and fields[kept] is None:
            raise InvalidDraft({kept: "This cannot be empty. Omit it to keep the current value."})
    fields |= {f: _merged(getattr(current, f), one) for f, one in fields.items() if isinstance(one, BaseModel) and f != "credential"}
    if patch.auth is not None:
        known = current.auth if fields.get("auth_type", current.auth_type) == current.auth_type else {}
        fields["auth"] = {f: text for f, text in (known | patch.auth).items() if text is not None}
    cleared = {f for f, value in fields.items() if value is None and f not in ("credential", "default_model", "label")}
    values = {f: getattr(current, f) for f in current.model_fields_set} | fields
    if fields.get("auth_type", current.auth_type) != current.auth_type and "auth" not in fields:
        cleared.add("auth")  # the fields of the old auth type mean nothing to the new one
    if "models" in fields and "default_model" not in fields:
        before, after = ({_model(m).identifier for m in listed} for listed in (current.models, patch.models or ()))
        if current.default_model in before - after:
            cleared.add("default_model")
    return ProviderDraft.model_validate({f: v for f, v in values.items() if f not in cleared})


def _merged(current: BaseModel, patch: BaseModel) -> BaseModel:
    """`current` with what the patch of its kind sets; None = back to the default."""
    told = {f: getattr(patch, f) for f in patch.model_fields_set}
    kept = {f: getattr(current, f) for f in current.model_fields_set - {f for f, value in told.items() if value is None}}
    return type(current).model_validate(kept | {f: value for f, value in told.items() if value is not None})


def filled(base_url: str, auth: Mapping[str, str]) -> str:
    """The address with the readable fields of the sign-in in place of the placeholders that have their names.

    >>> filled("https://bedrock-runtime.{region}.amazonaws.com", {"region": "eu-west-1"})
    'https://bedrock-runtime.eu-west-1.amazonaws.com'
    """
    for name, value in auth.items():
        if _PART.fullmatch(value.strip()):
            base_url = base_url.replace("{" + name + "}", value.strip())
    return base_url


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` … : the first that is neither taken nor reserved."""
    taken = taken | names.RESERVED
    stem, number, name = wanted, 1, wanted
    while name in taken:
        number += 1
        name = f"{stem[:46]}-{number}"
    return name


def _type(draft: ProviderDraft, preset: Preset | None) -> ProviderType:
    if preset is None or not draft.preset:
        return draft.type
    if "type" in draft.model_fields_set and draft.type is not preset.type:
        raise InvalidDraft({"type": f"{preset.label} speaks as {preset.type.value}. Omit the type or the preset."})
    return preset.type


def _address(draft: ProviderDraft, preset: Preset | None, type_: ProviderType, info: AuthTypeInfo) -> Address:
    known = preset.base_url if preset and draft.preset else ""
    missing = [f for f in info.required_fields if not draft.auth.get(f, "").strip()]
    if any("{" + f + "}" in (draft.base_url.strip() or known) for f in missing):
        return Address("", "")  # the field that fills the address in is marked, not the address
    if draft.base_url.strip() or preset is None or type_ is ProviderType.CUSTOM:
        return normalise(filled(draft.base_url, draft.auth), known=known, at_root=draft.at_root, type_=type_)
    return normalise(filled(preset.base_url, draft.auth), known=known, type_=type_)


def _auth_type(name: str, types: Mapping[str, AuthTypeInfo]) -> AuthTypeInfo:
    if name not in types:
        raise InvalidDraft({"auth_type": f"This auth type does not exist. Choose one of: {', '.join(sorted(types))}."})
    return types[name]


def _auth(auth: Mapping[str, str], info: AuthTypeInfo) -> dict[str, str]:
    known = dict.fromkeys(info.text_fields)
    values = {f: v.strip() for f, v in auth.items() if v.strip()}
    reasons: dict[str, str] = {}
    if set(values) - set(known):
        reasons["auth"] = f"The auth type {info.name} has no such field. Secrets belong in credential.secret."
    reasons |= {f"auth.{f}": FILL_IN for f in info.required_fields if f in known and f not in values}
    reasons |= {f"auth.{f.name}": why for f in info.fields if f.wrong and f.name in values and (why := f.wrong(values[f.name]))}
    reasons |= {f"auth.{f.name}": NO_OPTION for f in info.fields if f.options and f.name in values and values[f.name] not in f.options}
    if any(ord(c) < 32 or ord(c) == 127 for v in values.values() for c in v):
        reasons["auth"] = Reason("control_characters", "This contains control characters. Check the pasted text.")
    if reasons:
        raise InvalidDraft(reasons)
    return values


def key_fields(
    credential: CredentialDraft | CredentialPatch | None,
    info: AuthTypeInfo,
    hints: Mapping[str, str] = NO_HINTS,
    *,
    at: str = "credential.",
) -> KeyFields:
    """Cleaned secrets and references, by field; fields left empty are left out. Either none is given or every required one.

    `at` is the path of the credential in what was sent. Raises `InvalidDraft`.
    """
    if credential is None:
        return {}, {}
    secret, reference = credential.secret or {}, credential.reference or {}
    for name, given in (("secret", secret), ("reference", reference)):
        if set(given) - set(info.secret_fields):
            fields = ", ".join(info.secret_fields) or "none"
            raise InvalidDraft({f"{at}{name}": f"The auth type {info.name} does not have this field. Its secret fields: {fields}."})
    of = {f.name: f for f in info.fields}
    cleaned = {
        f: secret_rules.clean(
            s,
            field=f"{at}secret.{f}",
            hint=hints.get(f, ""),
            keep_scheme=of[f].has_scheme,
            blanks=of[f].blanks or of[f].has_scheme,
            multiline=of[f].multiline,
        )
        for f, s in secret.items()
    }
    typed = {f: s for f, s in cleaned.items() if s}
    if wrong := {f"{at}secret.{f}": why for f, s in typed.items() if (rule := of[f].wrong) and (why := rule(s.reveal()))}:
        raise InvalidDraft(wrong)
    if both := sorted(typed.keys() & reference.keys()):
        raise InvalidDraft({f"{at}reference.{both[0]}": Reason("value_or_place", "Enter either the value or its source, not both.")})
    if sum(len(f) + len(r.text) + 6 for f, r in reference.items()) > MOST_REFERENCES - 2:
        raise InvalidDraft({f"{at}reference": Reason("place_too_long", "This path is too long. Choose a shorter one.")})
    missing = [f for f in info.required_fields if f in info.secret_fields and f not in typed and f not in reference]
    if (typed or reference) and missing:
        raise InvalidDraft({f"{at}secret.{f}": FILL_IN for f in missing})
    return typed, dict(reference)


def _model(model: str | ModelDraft) -> ModelDraft:
    return ModelDraft(identifier=model) if isinstance(model, str) else model


def _default(draft: ProviderDraft, models: tuple[ModelDraft, ...]) -> None:
    if draft.only_listed_models and draft.default_model and draft.default_model not in {m.identifier for m in models}:
        raise InvalidDraft(
            {"default_model": Reason("model_not_listed", "This model is not in the list, and only listed models are allowed.")}
        )
