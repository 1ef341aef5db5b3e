"""An AWS access key: every request is signed as a whole (Signature Version 4), and the secret itself goes nowhere.

The signer is botocore's own, which reads and calls nothing: no environment, no file, no metadata service.
"""

import re
from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.errors import Reason
from app.domain.secret import Secret
from app.upstream.outgoing import Outgoing

_SERVICE = "bedrock"
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


LABEL = "AWS access key"
FIELDS: tuple[AuthField, ...] = (
    AuthField(
        name="region",
        kind=FieldKind.TEXT,
        required=True,
        label="Region",
        help="For example us-east-1. Requests are signed for this region.",
        wrong=_wrong_region,
    ),
    AuthField(
        name="access_key_id",
        kind=FieldKind.TEXT,
        required=True,
        label="Access key ID",
        help="Starts with AKIA or ASIA. It is not secret.",
        wrong=_wrong_key_id,
    ),
    AuthField(
        name="secret_access_key",
        kind=FieldKind.SECRET,
        required=True,
        label="Secret access key",
        help="Shown once when the access key is created. Used to sign requests, never sent. Stored encrypted.",
    ),
    AuthField(
        name="session_token",
        kind=FieldKind.SECRET,
        required=False,
        label="Session token",
        help="Only for temporary access keys, which start with ASIA.",
    ),
)


def destination(origin: str, auth: Mapping[str, str]) -> str:
    """Signatures are made for one region and one address."""
    return f"aws|{auth['region']}|{origin}"


def load() -> None:
    """Load the signer, which takes about 0.2 s the first time."""
    import botocore.auth  # noqa: F401


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the signature. Of the request's own headers the content type is signed."""
    return signed(request, _SERVICE, auth, secrets)


def signed(request: Outgoing, service: str, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """The same for a service of AWS by its name in signatures."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    kind = request.headers.get("content-type", "")
    headers = {"Content-Type": kind} if kind else {}
    made = AWSRequest(method=request.method, url=str(request.url), data=request.body, headers=headers)
    session = secrets["session_token"].reveal() if "session_token" in secrets else None
    given = Credentials(auth["access_key_id"], secrets["secret_access_key"].reveal(), session or None)
    SigV4Auth(given, service, auth["region"]).add_auth(made)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        if name in made.headers:
            request = request.with_header(name, str(made.headers[name]))
    return request


def curl(auth: Mapping[str, str]) -> list[str]:
    """Options of curl that sign as we do."""
    return [f'--aws-sigv4 "aws:amz:{auth["region"]}:{_SERVICE}"', '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"']
