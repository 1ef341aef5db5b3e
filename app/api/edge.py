"""The outer wall of console and REST: which hosts and origins may speak to us, and the headers every answer carries.

Pure ASGI, around everything but `/v1` and `/health` (their callers are programs: no cookies, no allow-list).
"""

import json
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from app import settings
from app.api import answers, caller
from app.domain import cookie

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?")
_ADDRESS = re.compile(r"\[[0-9a-f:.]+\]|\d{1,3}(\.\d{1,3}){3}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Edge:
    """Refuses foreign hosts and origins, cleans the cookies, numbers the request, adds the headers."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.names = own_names(settings.current())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, settings.current())
        if refusal := self.refusal(request):
            await _refuse(scope, receive, send, refusal, request.id)
            return
        scope.setdefault("state", {}).update(request_id=request.id, is_safe=request.is_safe)
        if request.is_safe:
            _drop_plain_cookie(scope)
        scope["scheme"], scope["client"] = request.scheme, (request.ip, 0)  # what stands before the proxies we count
        await self.app(scope, receive, answers.dressed(send, request.path, request_id=request.id, is_https=request.is_https))

    def refusal(self, request: "Request") -> tuple[int, str, str] | None:
        """(status, code, sentence) when this request must not get in."""
        if request.host_name is None:
            return 400, "bad_host", "The Host header is missing or malformed."
        if not _ADDRESS.fullmatch(request.host_name) and not cookie.is_loopback(request.host_name) and request.host_name not in self.names:
            sentence = "Patchbay does not know itself under this name. Set PATCHBAY_PUBLIC_URL to the address people type."
            return 421, "unknown_host", sentence
        if request.is_acting and not self.is_own_origin(request):
            return 403, "foreign_origin", "This request came from another site and was refused."
        return None

    def is_own_origin(self, request: "Request") -> bool:
        """Whether a request that acts comes from a page of ours, or from a program (which sends neither origin nor cookie)."""
        if request.origin is not None:
            return request.origin in {request.own_origin, own_origin(settings.current())} - {""}
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
        self.scheme = _scheme(scope, headers, self.host_name, current)
        self.ip = caller.ip_of(scope)
        self.is_https = self.scheme in ("https", "wss")
        self.is_safe = self.is_https or cookie.is_loopback(self.host_name or "")
        self.own_origin = _origin(f"{'https' if self.is_https else 'http'}://{self.host}")
        origins = headers.get(b"origin", [])
        self.origin = None if not origins else (_origin(origins[0]) if len(origins) == 1 else "")
        self.site = (headers.get(b"sec-fetch-site") or [None])[0]
        self.has_cookie = bool(cookie.read("; ".join(headers.get(b"cookie", []))))
        is_form = self.path.startswith("/auth/")
        self.has_cookie = self.has_cookie or is_form  # forms are for browsers only: an unnamed origin is a foreign one
        self.is_acting = scope["type"] == "websocket" or self.path.startswith("/_event") or scope["method"] not in _SAFE_METHODS
        given = (headers.get(b"x-request-id") or [""])[0]
        self.id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def own_names(current: settings.Settings) -> frozenset[str]:
    """Names under which this machine may be called, beside loopback and bare addresses (which nobody can rebind)."""
    name = socket.gethostname().lower()
    public = urlsplit(current.public_url).hostname if current.public_url else None
    return frozenset(n for n in (name, name.split(".")[0], f"{name.split('.')[0]}.local", public, current.host.lower()) if n)


def own_origin(current: settings.Settings) -> str:
    """Origin of the public address, or "" when none is set."""
    return _origin(current.public_url) if current.public_url else ""


def _scheme(scope: Scope, headers: dict[bytes, list[str]], host_name: str | None, current: settings.Settings) -> str:
    """What the browser spoke: said by a proxy we count, or known of the public address; otherwise what reached us."""
    public = urlsplit(current.public_url)
    said = headers.get(b"x-forwarded-proto", [""])[0].split(",")[-1].strip().lower() if current.trusted_proxies else ""
    if said not in ("http", "https"):
        said = "https" if public.scheme == "https" and public.hostname == host_name else ""
    if not said:
        return scope.get("scheme", "http")
    return {"http": "ws", "https": "wss"}[said] if scope["type"] == "websocket" else said


def _origin(text: str) -> str:
    """scheme://host:port in one spelling; "" for what is not an origin ("null" included)."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname and port else ""


def _drop_plain_cookie(scope: Scope) -> None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    scope["headers"] = [
        (name, cookie.without_plain(value.decode("latin-1")).encode("latin-1") if name.lower() == b"cookie" else value)
        for name, value in headers
    ]


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: tuple[int, str, str], request_id: str) -> None:
    status, code, sentence = refusal
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": code})
        return
    error = {"code": code, "message": sentence, "details": {}, "field": None, "suggestions": []}
    body = json.dumps({"error": error, "timestamp": datetime.now(UTC).isoformat(), "requestId": request_id}).encode()
    dressed = answers.dressed(send, "/api/", request_id=request_id, is_https=False)
    await dressed({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await dressed({"type": "http.response.body", "body": body})
