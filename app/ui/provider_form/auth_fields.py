"""What a way of signing in asks for, as the forms draw it, and where its secrets would go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.credentials.auth_field import AuthField, AuthTypeInfo, FieldKind
from app.domain.providers.drafts import filled
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Provider, ProviderType
from app.services.providers.reading import auth_types
from app.ui.provider_form import form_draft

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a choice. `word` is its key below `auth_option.`."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A field that the auth type asks for. `name` as in the form; `word` is its key below `auth.`. `is_first`: of its secrets."""

    name: str
    word: str
    secret: bool
    required: bool
    value: str = ""
    is_first: bool = False
    multiline: bool = False
    options: list[Option] = field(default_factory=list)


def asks(auth_type: str, values: Mapping[str, str], type_: ProviderType) -> list[Ask]:
    """The fields of an auth type, those left out that mean nothing to this type of provider. `values`: what is stored."""
    info = _info(auth_type)
    first = info.secret_fields[:1]
    return [_ask(f, values.get(f.name, ""), is_first=f.name in first) for f in info.fields if f.only_for in (None, type_)]


def moved(auth_type: str, origin: str, values: Mapping[str, str], bound: str) -> str:
    """Where a stored secret would go that was entered for `bound`, when that is somewhere else; "" when it stays, or is not known yet."""
    try:
        there = _info(auth_type).destination(origin, values)
    except (KeyError, ValueError):
        return ""
    return " · ".join(part for part in there.split("|") if part not in bound.split("|"))


def template(provider: Provider, preset: Preset | None) -> str:
    """The address to edit: the vendor's own with its placeholders while the fields of the sign-in fill them."""
    if preset and "{" in preset.base_url and filled(preset.base_url, provider.auth) == provider.base_url:
        return preset.base_url
    return provider.base_url


def fills(auth_type: str, base_url: str) -> bool:
    """Whether the fields of a sign-in fill in every placeholder of an address."""
    return set(_PLACEHOLDER.findall(base_url)) <= set(_info(auth_type).required_fields)


def needs_token(auth_type: str) -> bool:
    """Whether this way of signing in fetches a token first."""
    return _info(auth_type).needs_token


def _info(auth_type: str) -> AuthTypeInfo:
    return auth_types().get(auth_type) or AuthTypeInfo(name=auth_type, label=auth_type, fields=())


def _ask(f: AuthField, value: str, *, is_first: bool) -> Ask:
    secret = f.kind is FieldKind.SECRET
    return Ask(
        name=(form_draft.SECRET if secret else form_draft.AUTH) + f.name,
        word=f.name,
        secret=secret,
        required=f.required,
        value=value or next(iter(f.options), ""),
        is_first=is_first,
        multiline=f.multiline,
        options=[Option(o, f"{f.name}_{o}") for o in f.options],
    )
