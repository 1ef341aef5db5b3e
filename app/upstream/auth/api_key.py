"""One key, sent as `Authorization: Bearer …`."""

from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.secret import Secret
from app.upstream.outgoing import Outgoing

LABEL = "API key (Bearer)"
FIELDS: tuple[AuthField, ...] = (
    AuthField(name="api_key", kind=FieldKind.SECRET, required=True, label="API key", help="Stored encrypted and never shown again."),
)
REUSABLE = True


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the header that OpenAI and everybody who speaks like it reads."""
    return request.with_header("authorization", f"Bearer {secrets['api_key'].reveal()}")
