"""A header of its own: its name is readable, its value is the secret and goes out as it was typed, scheme included."""

import re
from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.error_kind import ErrorKind
from app.domain.errors import NoCredential, Reason
from app.domain.secret import Secret
from app.upstream.outgoing import Outgoing

# Of what RFC 9110 allows in a name, the characters that need no quoting in a command line.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9])?")
# Headers of the connection (RFC 9110, 7.6.1), those that say where a request goes or what it holds, and those written by us.
_TAKEN = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "via", "forwarded", "expect", "max-forwards"}
    | {"content-length", "content-type", "content-encoding", "content-range", "range", "date", "origin", "referer", "http2-settings"}
    | {"accept", "accept-encoding", "user-agent", "cookie", "cookie2", "set-cookie"}
)
_TAKEN_BEGINNINGS = ("proxy-", "sec-", "x-forwarded-", "x-http-method", "x-patchbay-", "access-control-", "if-")


def _wrong(name: str) -> Reason | None:
    """Why no secret may travel in a header of this name, None when it may."""
    if not _NAME.fullmatch(name):
        return Reason("header_name", "A header name has letters, digits and hyphens only, for example X-Auth-Token.")
    if name.lower() in _TAKEN or name.lower().startswith(_TAKEN_BEGINNINGS):
        return Reason(
            "header_taken", "This header has a fixed meaning and cannot carry a key. Use the name from the provider's documentation."
        )
    return None


LABEL = "Custom header"
FIELDS: tuple[AuthField, ...] = (
    AuthField(
        name="header_name",
        kind=FieldKind.TEXT,
        required=True,
        label="Header name",
        help="As in the provider's documentation, for example X-Auth-Token.",
        wrong=_wrong,
    ),
    AuthField(
        name="header_value",
        kind=FieldKind.SECRET,
        required=True,
        label="Header value",
        help="Include everything before the key, for example Basic. Stored encrypted.",
        has_scheme=True,
    ),
)
REUSABLE = True


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the one header. A name that no form would have let through is not sent."""
    name = auth.get("header_name", "")
    if _wrong(name):
        raise NoCredential(
            "The name of the header that carries the key is not usable. Enter it again.", details={"kind": ErrorKind.HEADER_NAME}
        )
    return request.with_header(name, secrets["header_value"].reveal())
