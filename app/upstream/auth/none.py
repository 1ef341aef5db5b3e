"""No credential: most local servers."""

from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField
from app.domain.secret import Secret
from app.upstream.outgoing import Outgoing

LABEL = "No key"
FIELDS: tuple[AuthField, ...] = ()
REUSABLE = True


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Send nothing."""
    return request
