"""Signs a request as its auth type says, and holds the type to what it may do: add headers and a query, and touch nothing else."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from app.domain.error_kind import ErrorKind
from app.domain.errors import NoCredential
from app.domain.secret import Secret
from app.upstream import auth
from app.upstream.outgoing import Outgoing

_SEALED = re.compile(r"s1\.[0-9a-f]{10}\.")
# These say where a request goes and where it ends.
_NOT_ADDED = frozenset({"host", "connection", "transfer-encoding", "content-length"})


def sign(auth_type: str, fields: Mapping[str, str], secrets: Mapping[str, Secret], request: Outgoing) -> Outgoing:
    """The request signed. Raises `NoCredential` for a secret that cannot be sent, and for a type that changed what is not its own:
    what was judged is what is called."""
    signed = auth.types()[auth_type].apply(request, fields, secrets)
    added = signed.headers.keys() - request.headers.keys()
    before, after = request.url, signed.url
    is_kept = (
        (signed.method, signed.body) == (request.method, request.body)
        and (before.scheme, before.raw_authority, before.raw_path) == (after.scheme, after.raw_authority, after.raw_path)
        and after.raw_query_string.startswith(before.raw_query_string)
        and all(signed.headers.get(name) == value for name, value in request.headers.items())
        and _NOT_ADDED.isdisjoint(added)
    )
    if not is_kept:
        raise NoCredential("Patchbay does not support this authentication.", details={"kind": ErrorKind.UNKNOWN_AUTH_TYPE})
    if any(_SEALED.search(text) for text in (*(signed.headers[name] for name in added), unquote_plus(after.raw_query_string))):
        raise NoCredential("The saved key cannot be decrypted and is not sent. Enter it again.", details={"kind": ErrorKind.SEALED})
    if any(not value.isascii() or not value.isprintable() for value in (signed.headers[name] for name in added)):
        raise NoCredential("The key contains characters that cannot be sent. Enter it again.", details={"kind": ErrorKind.CHARACTERS})
    return signed
