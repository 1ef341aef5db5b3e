"""From the fields of the dialogs for keys to drafts. Secrets come as `secret.<field>`, places as `place.<field>`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.domain.credentials.credential import CredentialDraft, CredentialPatch, KeyState, Reference
from app.domain.errors import InvalidDraft, Reason
from app.domain.secret import Secret
from app.ui.i18n.days import end_of

PLACE = "place."
PASTE, VARIABLE, FILE = "paste", "env", "file"  # how a key is given
_RANGES = {"weight": (1, 100), "priority": (1, 10)}


def draft(form: Mapping[str, str], secrets: dict[str, Secret], *, way: str, state: str) -> CredentialDraft:
    """A new key as typed. Raises `InvalidDraft`."""
    fields = _settings(form)
    if way == PASTE:
        return CredentialDraft(**fields, secret=secrets, state=_state(state))
    return CredentialDraft(**fields, reference=places(form, way), state=_state(state))


def replacement(form: Mapping[str, str], secrets: dict[str, Secret], *, way: str) -> CredentialDraft:
    """The new half of a rotation: it takes over everything else from the old one. Raises `InvalidDraft`."""
    label = _label(form)
    return CredentialDraft(label=label, secret=secrets) if way == PASTE else CredentialDraft(label=label, reference=places(form, way))


def patch(form: Mapping[str, str], *, state: str | None, ends_at: datetime | None) -> CredentialPatch:
    """What the dialog says about a saved key, which ends at `ends_at`; an empty date clears it. Raises `InvalidDraft`."""
    return CredentialPatch.model_validate(_settings(form, ends_at) | ({"state": _state(state)} if state else {}))


def places(form: Mapping[str, str], way: str) -> dict[str, Reference]:
    """Field → where its value lives; empty ones are left out. Raises `InvalidDraft`."""
    found: dict[str, Reference] = {}
    reasons: dict[str, str] = {}
    for name, text in form.items():
        if name.startswith(PLACE) and (place := text.strip()):
            field = name.removeprefix(PLACE)
            try:
                found[field] = Reference.model_validate({VARIABLE if way == VARIABLE else FILE: place})
            except ValidationError:
                reasons[f"reference.{field}"] = _PLACE_FORM[VARIABLE if way == VARIABLE else FILE]
    if reasons:
        raise InvalidDraft(reasons)
    return found


_PLACE_FORM = {
    VARIABLE: Reason("variable_form", "A variable name has letters, digits and _ only."),
    FILE: Reason("file_form", "Enter the full path of the file, starting with /."),
}


def placed(reasons: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field of a rule → by field of the dialog."""
    return {PLACE + field.removeprefix("reference.") if field.startswith("reference.") else field: why for field, why in reasons.items()}


def _settings(form: Mapping[str, str], ends_at: datetime | None = None) -> dict[str, Any]:
    return {
        **({"label": label} if (label := _label(form)) else {}),
        **{name: _number(name, text) for name in _RANGES if (text := form.get(name, "").strip())},
        "expires_at": end_of(form.get("expires_at", ""), was=ends_at),
    }


def _label(form: Mapping[str, str]) -> str | None:
    label = form.get("label", "").strip()
    if len(label) > 80:
        raise InvalidDraft({"label": Reason("too_long", "Use at most {most} characters.", most=80)})
    return label or None


def _number(name: str, text: str) -> int:
    least, most = _RANGES[name]
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    raise InvalidDraft({name: Reason("number_range", "Enter a whole number between {least} and {most}.", least=least, most=most)})


def _state(state: str) -> Any:
    return state if state in (KeyState.STANDBY, KeyState.DISABLED) else KeyState.ACTIVE
