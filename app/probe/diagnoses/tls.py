"""The secure connection and the server's certificate."""

import re

from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, TlsFailed
from app.domain.probes.probe import FixAction, Verdict
from app.domain.providers.address import looks_local
from app.domain.snapshot import Endpoint
from app.probe.finding import Cause, Facts, Finding, Fix
from app.upstream import auth


def _in_clear(facts: Facts, endpoint: Endpoint) -> str | None:
    """The address in http, unless that would be refused next: it is not with no key, or on the own network."""
    is_allowed = looks_local(endpoint.origin) or not auth.needs_key(endpoint.auth_type)
    return re.sub("^https:", "http:", endpoint.base_url) if is_allowed else None


SECURE = Finding(code="secure", verdict=Verdict.OK, sentence="The connection is secure.")

NOT_ENCRYPTED = Finding(code="not_encrypted", verdict=Verdict.OK, sentence="The connection is not encrypted.", is_tried=False)

TLS_SELF_SIGNED = Finding(
    code="tls_self_signed",
    verdict=Verdict.TLS_FAILED,
    sentence="The certificate is self-signed. Use one from an issuer that this machine trusts.",
    causes=(Cause(TlsFailed, ErrorKind.SELF_SIGNED),),
)

TLS_EXPIRED = Finding(
    code="tls_expired",
    verdict=Verdict.TLS_FAILED,
    sentence="The certificate has expired or is not valid yet. The server's operator must renew it.",
    causes=(Cause(TlsFailed, ErrorKind.EXPIRED),),
)

TLS_WRONG_NAME = Finding(
    code="tls_wrong_name",
    verdict=Verdict.TLS_FAILED,
    sentence="The certificate is not for {host}. Use the name it was issued for.",
    facts=("host",),
    causes=(Cause(TlsFailed, ErrorKind.WRONG_NAME),),
)

TLS_UNKNOWN_ISSUER = Finding(
    code="tls_unknown_issuer",
    verdict=Verdict.TLS_FAILED,
    sentence="The certificate comes from an issuer that this machine does not trust.",
    causes=(Cause(TlsFailed, ErrorKind.UNKNOWN_ISSUER),),
)

TLS_NOT_SPOKEN = Finding(
    code="tls_not_spoken",
    verdict=Verdict.TLS_FAILED,
    sentence="This port does not use HTTPS. Use http://, or the HTTPS port.",
    causes=(Cause(TlsFailed, ErrorKind.NOT_SPOKEN),),
    fix=Fix(FixAction.USE_HTTP, _in_clear),
)

TLS_EXPECTED = Finding(
    code="tls_expected",
    sentence="This port accepts only HTTPS. Use an address that starts with https://.",
    causes=(Cause(BadResponse, ErrorKind.TLS_EXPECTED),),
    fix=Fix(FixAction.USE_HTTPS, lambda facts, endpoint: re.sub("^http:", "https:", endpoint.base_url)),
)

TLS_FAILED = Finding(
    code="tls_failed",
    verdict=Verdict.TLS_FAILED,
    sentence="The secure connection failed. Check the address and the port.",
    causes=(Cause(TlsFailed),),
)
