"""A Google service account: its file signs a request for a token, and never leaves this process."""

import json
import re
import time
from collections.abc import Mapping

import jwt

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.errors import Reason
from app.domain.providers.address import origin_of, wrong_url
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import TokenRequest
from app.upstream.outgoing import Outgoing

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 3_600
_PART = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NEEDED = ("client_email", "private_key_id", "private_key")


def _read(text: str) -> dict[str, str] | None:
    """The fields of the file that are texts, as all those are that are used; None where it is no such file."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else None


def _wrong_file(text: str) -> Reason | None:
    """What a pasted file lacks; nothing of it is repeated."""
    found = _read(text)
    if found is None:
        return Reason("account_not_json", "This is not a service account key file. Open the file and paste its whole content.")
    if found.get("type", "service_account") != "service_account":
        return Reason("account_other_kind", "This file belongs to another type of account. Create a JSON key for a service account.")
    if missing := [name for name in _NEEDED if not isinstance(found.get(name), str) or not found[name]]:
        return Reason(
            "account_incomplete",
            "The file does not contain {fields}. Download it again and paste its whole content.",
            fields=", ".join(missing),
        )
    try:
        jwt.encode({}, found["private_key"], algorithm="RS256")
    # PyJWT and the library behind it raise whatever a damaged key makes them.
    except Exception:  # noqa: BLE001
        return Reason("account_bad_key", "The private_key in this file is damaged. Download the file again and paste its whole content.")
    return None


def _wrong_part(text: str) -> Reason | None:
    if _PART.fullmatch(text):
        return None
    return Reason("address_part", "This is part of the address. Use lowercase letters, digits and hyphens only, for example us-central1.")


LABEL = "Service account"
FIELDS: tuple[AuthField, ...] = (
    AuthField(
        name="service_account",
        kind=FieldKind.SECRET,
        required=True,
        label="Service account key file (JSON)",
        help="Open the downloaded file and paste its whole content. It never leaves Patchbay. Stored encrypted.",
        multiline=True,
        wrong=_wrong_file,
    ),
    AuthField(
        name="project",
        kind=FieldKind.TEXT,
        required=True,
        label="Project",
        help="The ID of your Google Cloud project. Part of the address.",
        wrong=_wrong_part,
    ),
    AuthField(
        name="location",
        kind=FieldKind.TEXT,
        required=True,
        label="Location",
        help="For example us-central1. Part of the address.",
        wrong=_wrong_part,
    ),
    AuthField(
        name="google_token_url",
        kind=FieldKind.TEXT,
        required=False,
        label="Token address",
        help="Leave empty for Google's default.",
        wrong=wrong_url,
    ),
)
REUSABLE = True


def servers(auth: Mapping[str, str]) -> dict[str, str]:
    """Google's token server, or the one that an admin named; never the one that a pasted file names."""
    return {"google_token_url": origin_of(auth.get("google_token_url") or TOKEN_URL)}


def destination(origin: str, auth: Mapping[str, str]) -> str:
    """The file belongs to this token server, for tokens of this provider."""
    return f"{origin}|{servers(auth)['google_token_url']}"


def grant(auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> TokenRequest:
    """Ask with an assertion that the account's key signs. Where the file itself says that tokens come from counts for nothing."""
    account = _read(secrets["service_account"].reveal()) or {}
    url = auth.get("google_token_url") or TOKEN_URL
    at = int(time.time())
    claims = {"iss": account["client_email"], "scope": _SCOPE, "aud": url, "iat": at, "exp": at + _ASSERTION_SECONDS}
    assertion = jwt.encode(claims, account["private_key"], algorithm="RS256", headers={"kid": account["private_key_id"]})
    return TokenRequest(url, {"grant_type": _GRANT, "assertion": assertion}, (Secret(assertion),))


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the token."""
    return request.with_header("authorization", f"Bearer {secrets['access_token'].reveal()}")
