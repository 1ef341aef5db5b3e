"""A key of Azure OpenAI's deployments, sent as `api-key`, and the API version they are called with."""

from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.secret import Secret
from app.upstream.outgoing import Outgoing

LABEL = "Azure key"
FIELDS: tuple[AuthField, ...] = (
    AuthField(name="api_key", kind=FieldKind.SECRET, required=True, label="API key", help="Stored encrypted and never shown again."),
    AuthField(name="api_version", kind=FieldKind.TEXT, required=False, label="API version", help="Leave empty for 2024-10-21."),
)
REUSABLE = True


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add Azure's own header. The version belongs to the address; the wire puts it there."""
    return request.with_header("api-key", secrets["api_key"].reveal())
