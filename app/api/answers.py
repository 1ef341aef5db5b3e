"""The headers of an answer: what a browser may do with it and how long it may keep it."""

from app.asgi_types import Message, Send

# What pages may load. Scripts are governed by the policy that the build writes into each page, because it knows the
# hashes of the few inline ones; both policies apply together. Styles stay open: emotion writes them at run time.
PAGE_POLICY = (
    "base-uri 'none'; object-src 'none'; frame-src 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; manifest-src 'self'; media-src 'self'; "
    "worker-src 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PLAIN_PAGE_POLICY = f"{DATA_POLICY}; style-src 'unsafe-inline'"  # of a page that is complete in itself and runs nothing
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_FOREVER = b"public, max-age=31536000, immutable"
_OURS = frozenset(name for name, _ in _ALWAYS) | {b"x-request-id", b"access-control-allow-credentials", b"access-control-allow-origin"}


def dressed(send: Send, path: str, *, request_id: str, is_https: bool) -> Send:
    """`send` that adds the headers to the start of the answer to `path`."""

    async def dressing(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            message = {**message, "headers": _headers(message, path, request_id=request_id, is_https=is_https)}
        await send(message)

    return dressing


def _headers(message: Message, path: str, *, request_id: str, is_https: bool) -> list[tuple[bytes, bytes]]:
    given = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
    names = {name for name, _ in given}
    kind = next((value for name, value in given if name == b"content-type"), b"")
    headers = [(name, value) for name, value in given if name not in _OURS]
    headers += [*_ALWAYS, (b"x-request-id", request_id.encode())]
    # A 304 has no type to judge by, and what it says replaces what the browser kept: leave the policy of the kept answer.
    if b"content-security-policy" not in names and message["status"] != 304:
        headers.append((b"content-security-policy", (PAGE_POLICY if kind.startswith(b"text/html") else DATA_POLICY).encode()))
    if b"cache-control" not in names:
        headers.append((b"cache-control", _cache(path, kind, message["status"])))
    if is_https:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers


def _cache(path: str, kind: bytes, status: int) -> bytes:
    if path.startswith(("/api/", "/auth/", "/_event")):
        return b"no-store"
    if path.startswith("/assets/") and status in (200, 206, 304) and not kind.startswith(b"text/html"):
        return _FOREVER  # the build puts a hash of the content into these names
    return b"no-cache"
