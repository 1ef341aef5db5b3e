"""What the dialog that edits a provider shows first: the values that are saved."""

from collections.abc import Sequence

import reflex as rx

from app.domain.credentials.credential import Credential, KeyState
from app.domain.providers.address import Address
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Provider
from app.ui.presets.gallery import key_prefixes, ways_of
from app.ui.probe.probe_options import of_draft
from app.ui.provider_form import auth_fields


def of_saved(provider: Provider, known: Preset | None) -> dict[str, object]:
    """Vars of `ProviderForm` by name. `known`: the preset of the provider, where it has one."""
    kinds = ways_of(known)
    key = next((c for c in provider.credentials if c.is_set), None)
    return {
        "editing": provider.name,
        "version": provider.version,
        "title": provider.label,
        "label": provider.label,
        "base_url": auth_fields.template(provider, known),
        "description": provider.description,
        "tags": ", ".join(provider.tags),
        "name": provider.name,
        "default_model": provider.default_model or "",
        "limits": {name: f"{seconds:g}" for name, seconds in provider.network.model_dump(exclude_none=True).items()},
        "allowed": {name: str(most) for name, most in provider.limits.model_dump(exclude_defaults=True).items()},
        "only_listed": provider.only_listed_models,
        "key_url": known.key_url if known else "",
        "own_prefixes": list(known.key_prefixes) if known else [],
        "vendor_prefixes": key_prefixes(),
        "models": of_draft(provider.last_test.result.models if provider.last_test else [], provider.preset or "custom"),
        "auth_types": kinds if provider.auth_type in kinds else [*kinds, provider.auth_type],
        "at_root": provider.at_root and not (known and Address(known.base_url, "").is_at_root),
        "auth_type": provider.auth_type,
        "key_hint": hint(provider.credentials),
        "unreadable": key is not None and key.state is KeyState.UNREADABLE,
    }


def fill(form: rx.State, values: dict[str, object]) -> None:
    """Set these vars."""
    for name, value in values.items():
        setattr(form, name, value)


def fields(saved: Provider | None, auth_type: str) -> dict[str, str]:
    """Readable fields of the authentication as they are saved; none where another one is chosen."""
    return dict(saved.auth) if saved and saved.auth_type == auth_type else {}


def keys(saved: Provider | None, auth_type: str) -> tuple[bool, int, str]:
    """Whether a key is saved for this authentication, how many there are, and the id of the one that fetches tokens."""
    held = [c for c in saved.credentials if c.is_set] if saved and saved.auth_type == auth_type else []
    return bool(held), len(held), held[0].id if held and auth_fields.needs_token(auth_type) else ""


def is_made(known: Preset | None, auth_type: str, base_url: str) -> bool:
    """Whether the vendor and the fields of the authentication make the address, so that nothing is to be typed in it."""
    return known is not None and not known.local and base_url == known.base_url and auth_fields.fills(auth_type, base_url)


def hint(credentials: Sequence[Credential]) -> str:
    """The first saved key as ••••4f2a, or "" when there is none."""
    return next((f"••••{c.hint}" for c in credentials if c.is_set), "")
