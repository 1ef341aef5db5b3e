"""No credential: most local servers."""

from collections.abc import Mapping

from app.domain.auth_field import AuthField
from app.domain.secret import Secret

FIELDS: tuple[AuthField, ...] = ()


def attach(headers: dict[str, str], auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> None:
    """Send nothing."""
