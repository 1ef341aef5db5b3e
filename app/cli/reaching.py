"""Whether the console is reached by the address people type: a look at the health, and a websocket opened as a page would open it."""

import base64
import http.client
import json
import os
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from app.api import handshakes
from app.domain import proxies

SECONDS = 5.0
_LARGEST = 64 * 1024
_UPGRADED = 101
# What arrived of the handshake, or in what the addresses differ → what is wrong.
_REASONS = {
    "not_upgraded": "The proxy drops the headers Upgrade and Connection, so no page gets a live connection. Add these lines to the proxy:",
    "nothing": "The websocket does not reach Patchbay, although other requests do: something on the way blocks it. For the proxy:",
    "upgraded": "The websocket reaches Patchbay, but its answer does not come back. For the proxy:",
    "host": "Another host name than that of PATCHBAY_PUBLIC_URL reaches Patchbay. For the proxy:",
    "port": "Another port than that of PATCHBAY_PUBLIC_URL reaches Patchbay. For the proxy:",
    "scheme": "Another scheme than that of PATCHBAY_PUBLIC_URL reaches Patchbay. For the proxy:",
}


@dataclass(frozen=True)
class Answer:
    """Of one request. `body` is what it says in JSON, {} when that is something else."""

    status: int
    body: dict[str, object]


class NoWay(Exception):
    """Nothing answers there; the text says why, in a few words."""


def is_ready(address: str) -> bool:
    """Whether a Patchbay that answers at this address says that it is ready."""
    try:
        return ask(address, "GET", "/health/ready").status == 200
    except NoWay:
        return False


def look(public_url: str) -> tuple[Literal["ok", "warn", "fail"], str]:
    """State and sentence: whether a page of this address gets a websocket, and where it does not, what the proxy lacks. An address
    that does not answer from here is only a warning: it may be reached from elsewhere."""
    tab = f"doctor-{secrets.token_hex(8)}"
    try:
        opened = ask(public_url, "GET", f"{handshakes.PATH}/?EIO=4&transport=websocket&token={tab}", **_HANDSHAKE)
        if opened.status == _UPGRADED:
            return "ok", f"{public_url} answers, and pages get their websocket."
        told = ask(public_url, "POST", f"/auth/connection?token={tab}")
    except NoWay as error:
        return "warn", f"{public_url} does not answer from this machine: {error}."
    return "fail", "\n".join(_explained(public_url, told))


def _explained(public_url: str, told: Answer) -> Iterator[str]:
    error = told.body.get("error")
    details = error.get("details", {}) if isinstance(error, dict) else {}
    reason = str(told.body.get("arrived") or details.get("differs") or "")
    if isinstance(error, dict) and error.get("code") == "unknown_host":
        reason = "host"
    if reason not in _REASONS:
        yield f"{public_url} answers with HTTP {told.status}, and that is not Patchbay. Look at what the proxy points to."
        return
    yield _REASONS[reason]
    parts = urlsplit(public_url)
    for name, lines in proxies.LINES.items():
        yield f"{name}:"
        yield proxies.filled(lines, host=parts.netloc, path=parts.path.rstrip("/")).rstrip()


def ask(address: str, method: str, path: str, **headers: str) -> Answer:
    """One request of a page of this address. Raises `NoWay`."""
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    # Nothing secret is sent, and whether people's browsers trust the certificate is not to be found out from here.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    host, port = parts.hostname or "", parts.port
    made = (
        http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trusting)
        if secure
        else http.client.HTTPConnection(host, port, timeout=SECONDS)
    )
    sent = {"Origin": f"{parts.scheme}://{parts.netloc}", "Accept": "application/json", **headers}
    try:
        with closing(made) as connection:
            connection.request(method, parts.path.rstrip("/") + path, headers=sent)
            response = connection.getresponse()
            body = b"" if response.status == _UPGRADED else response.read(_LARGEST)
            return Answer(response.status, _read(body))
    except (TimeoutError, socket.gaierror, ssl.SSLError, OSError, http.client.HTTPException) as error:
        raise NoWay(_why(error)) from error


def _why(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "the name cannot be found"
        case TimeoutError():
            return f"no answer within {SECONDS:.0f} s"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or 'unknown'})"
        case OSError():
            return (error.strerror or type(error).__name__).lower()
        case _:
            return "this is no HTTP"


def _read(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


_HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
}
