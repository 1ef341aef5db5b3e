"""The outer wall of console and REST: which hosts and origins may speak to us, and the headers every answer carries.

Pure ASGI, around everything but `/v1` and `/health` (their callers are programs: no cookies, no allow-list).
"""

import json
import re
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from app import settings
from app.api import answers, caller, handshakes
from app.asgi_types import App, Receive, Scope, Send
from app.domain.errors import ErrorCode
from app.domain.people import cookie
from app.logs import rate

# Code, in what a foreign address differs, Accept-Language, host → a page for a browser, or None where there is none.
Page = Callable[[str, str, str, str], bytes | None]

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?")
_ADDRESS = re.compile(r"\[[0-9a-f:.]+\]|\d{1,3}(\.\d{1,3}){3}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_UNKNOWN_HOST = (
    "Patchbay does not accept this host name. Set PATCHBAY_PUBLIC_URL to the address that users open, and let a proxy pass the Host "
    "header on; see docs/reverse-proxy.md."
)
# In what the address of the page differs from the one that reached us → what to do.
_FOREIGN = {
    "host": "This request came from another site and was rejected.",
    "port": "The page has another port than the address that reached Patchbay. Let the proxy pass the Host header on with its port, or set "
    "PATCHBAY_PUBLIC_URL to the address that users open; see docs/reverse-proxy.md.",
    "scheme": "The page came over http or https, and the request reached Patchbay over the other one. Set PATCHBAY_PUBLIC_URL to the "
    "address that users open; see docs/reverse-proxy.md.",
}
_NOT_UPGRADED = (
    "This is the address of a websocket, and the request does not ask for one: a proxy on the way dropped the headers Upgrade and "
    "Connection. See docs/reverse-proxy.md."
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Edge:
    """Refuses foreign hosts and origins, cleans the cookies, numbers the request, adds the headers."""

    def __init__(self, app: App, page: Page | None = None) -> None:
        self.app = app
        self.page = page
        self.names = own_names(settings.current())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, settings.current())
        rate.caused_by(request.ip)
        if refusal := self.refusal(request) or _arrived(scope, request):
            page = None
            if self.page is not None and request.is_of_page:
                page = self.page(refusal.code, refusal.details.get("differs", ""), request.languages, request.host)
            await _refuse(scope, receive, send, refusal, request.id, page)
            return
        scope.setdefault("state", {}).update(request_id=request.id, is_safe=request.is_safe, passed_wall=True)
        _drop_cookies(scope, request)
        scope["scheme"], scope["client"] = request.scheme, (request.ip, 0)  # what stands before the proxies we count
        # On loopback the header would bind every other server of this machine to https, for a year.
        is_https = request.is_https and not cookie.is_loopback(request.host_name or "")
        await self.app(scope, receive, answers.dressed(send, request.path, request_id=request.id, is_https=is_https))

    def refusal(self, request: "Request") -> "Refusal | None":
        """Why this request must not get in, or None."""
        if request.host_name is None:
            return Refusal(ErrorCode.BAD_HOST, "The Host header is missing or malformed.")
        if not _ADDRESS.fullmatch(request.host_name) and not cookie.is_loopback(request.host_name) and request.host_name not in self.names:
            return Refusal(ErrorCode.UNKNOWN_HOST, _UNKNOWN_HOST)
        if request.is_acting and not self.is_own_origin(request):
            differs = request.differs
            return Refusal(ErrorCode.FOREIGN_ORIGIN, _FOREIGN.get(differs, _FOREIGN["host"]), {"differs": differs})
        return None

    def is_own_origin(self, request: "Request") -> bool:
        """Whether a request that acts comes from a page of ours, or from a program (which sends neither origin nor cookie)."""
        if request.origin is not None:
            return request.origin in {request.own_origin, request.public_origin} - {""}
        if request.site is not None:
            return request.site in ("same-origin", "none")
        return not request.has_cookie


class Request:
    """What the wall needs to know about a request, read once."""

    def __init__(self, scope: Scope, current: settings.Settings) -> None:
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(bytes(name).lower(), []).append(bytes(value).decode("latin-1"))
        hosts = headers.get(b"host", [])
        found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        self.host = hosts[0].lower() if found else ""
        self.host_name = found["name"].strip(".") if found else None
        self.path: str = scope["path"]
        origins = headers.get(b"origin", [])
        self.origin = None if not origins else (_origin(origins[0]) if len(origins) == 1 else "")
        self.public_origin = own_origin(current)
        self.scheme = self._scheme(scope, headers, current)
        self.ip = caller.ip_of(scope)
        self.is_https = self.scheme in ("https", "wss")
        self.is_safe = self.is_https or cookie.is_loopback(self.host_name or "")
        self.own_origin = _origin(f"{'https' if self.is_https else 'http'}://{self.host}")
        self.site = (headers.get(b"sec-fetch-site") or [None])[0]
        self.has_cookie = bool(cookie.read("; ".join(headers.get(b"cookie", []))))
        is_form = self.path.startswith("/auth/")
        self.has_cookie = self.has_cookie or is_form  # forms are for browsers only: an unnamed origin is a foreign one
        self.is_acting = scope["type"] == "websocket" or self.path.startswith("/_event") or scope["method"] not in _SAFE_METHODS
        # A program that takes anything gets JSON; what a browser shows as a page, it asks for by name.
        self.is_of_page = any(part.split(";")[0].strip() == "text/html" for part in ",".join(headers.get(b"accept", [])).split(","))
        self.languages = ",".join(headers.get(b"accept-language", []))
        given = (headers.get(b"x-request-id") or [""])[0]
        self.id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)

    @property
    def differs(self) -> str:
        """In what the page's own address differs from the one that reached us: host, port or scheme."""
        if not self.origin:
            return "host"
        name, port = self.origin.removeprefix("https://").removeprefix("http://").rsplit(":", 1)
        if name.strip("[]") != (self.host_name or "").strip("[]"):
            return "host"
        written = self.host.removeprefix(self.host_name or "").lstrip(":")
        usual = "443" if self.origin.startswith("https:") else "80"
        return "scheme" if port == (written or usual) else "port"

    def _scheme(self, scope: Scope, headers: dict[bytes, list[str]], current: settings.Settings) -> str:
        """What the browser spoke: told by a proxy we count, or known of the public address; otherwise what reached us."""
        told = headers.get(b"x-forwarded-proto", [""])[0].split(",")[-1].strip().lower() if current.trusted_proxies else ""
        if told not in ("http", "https"):
            told = "https" if self.public_origin.startswith("https:") and self._is_public() else ""
        if not told:
            return scope.get("scheme", "http")
        return {"http": "ws", "https": "wss"}[told] if scope["type"] == "websocket" else told

    def _is_public(self) -> bool:
        """Whether this came by the public address: its page says so, or its host is that one. Not every proxy passes the port on."""
        if self.origin is not None:
            return self.origin == self.public_origin
        host, bare = _origin(f"https://{self.host}"), self.host == self.host_name
        return host == self.public_origin or (bare and host.rsplit(":", 1)[0] == self.public_origin.rsplit(":", 1)[0])


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of the wall. `details` hold nothing but what the asker sent."""

    code: ErrorCode
    sentence: str
    details: Mapping[str, str] = field(default_factory=dict)


def own_names(current: settings.Settings) -> frozenset[str]:
    """Names under which this machine may be called, beside loopback and bare addresses (which nobody can rebind)."""
    name = socket.gethostname().lower()
    public = urlsplit(current.public_url).hostname if current.public_url else None
    return frozenset(n for n in (name, name.split(".")[0], f"{name.split('.')[0]}.local", public, current.host.lower()) if n)


def own_origin(current: settings.Settings) -> str:
    """Origin of the public address, or "" when none is set."""
    return _origin(current.public_url) if current.public_url else ""


def _origin(text: str) -> str:
    """scheme://host:port in one spelling; "" for what is not an origin ("null" included)."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname and port else ""


def _arrived(scope: Scope, request: Request) -> Refusal | None:
    """Keep what arrived of a websocket's handshake. One that a proxy made an ordinary request of can only be refused."""
    query = scope.get("query_string", b"")
    if scope["type"] == "websocket":
        handshakes.note(query, handshakes.Arrival.UPGRADED)
    elif handshakes.is_lost(scope["type"], request.path, query):
        handshakes.note(query, handshakes.Arrival.NOT_UPGRADED)
        return Refusal(ErrorCode.NOT_UPGRADED, _NOT_UPGRADED)
    return None


def _drop_cookies(scope: Scope, request: Request) -> None:
    """Leave the one session cookie that applies: not the plain one where there could be a better one, not that of another path."""
    right = cookie.name_at(settings.current().base_path)
    names = {cookie.SAFE, cookie.BELOW} - {right} | ({cookie.PLAIN} if request.is_safe else set())
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    scope["headers"] = [
        (name, cookie.without(value.decode("latin-1"), names).encode("latin-1") if name.lower() == b"cookie" else value)
        for name, value in headers
    ]


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal, request_id: str, page: bytes | None) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
        return
    error = {"code": refusal.code, "message": refusal.sentence, "details": dict(refusal.details), "field": None, "suggestions": []}
    body = json.dumps({"error": error, "timestamp": datetime.now(UTC).isoformat(), "requestId": request_id}).encode()
    headers = [(b"content-type", b"application/json")]
    if page is not None:
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", answers.PLAIN_PAGE_POLICY.encode())]
    dressed = answers.dressed(send, "/api/", request_id=request_id, is_https=False)
    await dressed({"type": "http.response.start", "status": refusal.code.status, "headers": headers})
    await dressed({"type": "http.response.body", "body": body if page is None else page})
