"""One key, sent as `Authorization: Bearer …`."""

from collections.abc import Mapping

from app.domain.auth_field import AuthField, FieldKind
from app.domain.secret import Secret

FIELDS: tuple[AuthField, ...] = (AuthField(name="api_key", kind=FieldKind.SECRET, required=True, label="auth.api_key"),)


def attach(headers: dict[str, str], auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> None:
    """Add the header that OpenAI and everybody who speaks like it reads."""
    headers["authorization"] = f"Bearer {secrets['api_key'].reveal()}"
