"""An AWS access key: every request is signed as a whole, and the secret itself goes nowhere."""

import re
from collections.abc import Mapping

from app.domain.auth_field import AuthField, FieldKind
from app.domain.errors import Reason
from app.domain.secret import Secret
from app.domain.translation import Signing

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}")
_ACCESS_KEY = re.compile(r"[A-Z0-9]{16,128}")


def _wrong_region(text: str) -> Reason | None:
    return (
        None
        if _REGION.fullmatch(text)
        else Reason("region", "Enter a region such as us-east-1. The AWS console shows it at the top right.")
    )


def _wrong_key_id(text: str) -> Reason | None:
    if _ACCESS_KEY.fullmatch(text):
        return None
    return Reason("access_key_id", "An access key ID has uppercase letters and digits only, for example AKIAIOSFODNN7EXAMPLE.")


FIELDS: tuple[AuthField, ...] = (
    AuthField(name="region", kind=FieldKind.TEXT, required=True, label="auth.region", wrong=_wrong_region),
    AuthField(name="access_key_id", kind=FieldKind.TEXT, required=True, label="auth.access_key_id", wrong=_wrong_key_id),
    AuthField(name="secret_access_key", kind=FieldKind.SECRET, required=True, label="auth.secret_access_key"),
    AuthField(name="session_token", kind=FieldKind.SECRET, required=False, label="auth.session_token"),
)


def destination(origin: str, auth: Mapping[str, str]) -> str:
    """Signatures are made for one region and one address."""
    return f"aws|{auth['region']}|{origin}"


def attach(headers: dict[str, str], auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> None:
    """Nothing beside the signature."""


def signing(auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Signing:
    """What a request is signed with."""
    session = secrets.get("session_token")
    return Signing(
        "bedrock", auth["region"], auth["access_key_id"], secrets["secret_access_key"].reveal(), session.reveal() if session else ""
    )


def curl(auth: Mapping[str, str]) -> list[str]:
    """Options of curl that sign as we do."""
    return [f'--aws-sigv4 "aws:amz:{auth["region"]}:bedrock"', '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"']
