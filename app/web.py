"""Everything but Reflex: `/v1` for applications, `/api` and `/auth` for the console, `/health`."""

import asyncio
import json
import secrets
from typing import TYPE_CHECKING

from app.asgi_types import App, Message, Receive, Scope, Send
from app.domain.error_code import ErrorCode
from app.services import readiness

if TYPE_CHECKING:
    from app.api.edge import Page


# A body for the console may pause this long, and take this long in all; the gateway has the same of its own.
PAUSE_SECONDS = 20.0
BODY_SECONDS = 600.0
_ONLY_TRAFFIC = {
    "message": "This is a gateway. It serves /v1 and /health; the console is another process.", "type": "invalid_request_error",
    "param": None, "code": "unknown_url",
}  # fmt: skip


def make_web(page: "Page | None" = None) -> "Web":
    """The ASGI application of these paths, to be served within `lifespan.runtime()`. `page` is what a browser is refused with."""
    return Web(page)


def make_gateway() -> App:
    """What a gateway answers: `/v1` and `/health`. To be served within `lifespan.runtime("gateway")`."""
    return Traffic()


class Traffic:
    """Applications and load balancers: the two that are answered by every process."""

    health = ("/health/live", "/health/ready")

    def __init__(self) -> None:
        from app import gateway

        self.gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http":
            return
        if path.startswith("/v1/"):
            await self.gateway.gateway_app(scope, receive, send)  # hurries its callers itself
        elif path in self.health:
            await _health(scope, send, is_ending=self.gateway.is_draining())
        else:
            await _say(send, 404, {"error": _ONLY_TRAFFIC})


class Web:
    """Picks who answers by the first segment of the path."""

    def __init__(self, page: "Page | None" = None) -> None:
        # The edges are loaded by whoever serves them; a command of the shell opens the same house without them.
        from starlette.routing import Router

        from app.api import application, caller, errors, forms, handshakes
        from app.api.edge import Edge
        from app.api.leftover import Leftover

        self.traffic = Traffic()
        self.ip_of = caller.ip_of
        self.leftover = Leftover
        self.answer = errors.answer
        api = application.make_api()
        self.warm = api.warm
        self.api = Edge(api, page)
        self.auth = Edge(Router([*forms.routes(), *handshakes.routes()], redirect_slashes=False, default=self.nothing), page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http":
            return
        if path.startswith("/v1/") or path in self.traffic.health:
            await self.traffic(scope, receive, send)
        else:
            body = self.leftover(scope, hurried(receive), send)
            scope.setdefault("state", {})["ip"] = self.ip_of(scope)
            answers = self.api if path.startswith("/api/") else self.auth if path.startswith("/auth/") else self.nothing
            await answers(scope, body.receive, body.send)

    async def nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An address nobody answers."""
        request_id = scope.get("state", {}).get("request_id") or secrets.token_hex(8)
        await self.answer(request_id, ErrorCode.NOT_FOUND, "There is nothing at this address.")(scope, receive, send)


def hurried(receive: Receive) -> Receive:
    """`receive` for which a caller who stops in the middle of a body has left: the server itself would wait for ever."""
    end = asyncio.get_running_loop().time() + BODY_SECONDS
    is_whole = False

    async def receiving() -> Message:
        nonlocal is_whole
        if is_whole:
            return await receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(end, now + PAUSE_SECONDS)):
                message = await receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
        is_whole = not message.get("more_body")
        return message

    return receiving


async def _health(scope: Scope, send: Send, *, is_ending: bool) -> None:
    """`live`: the process answers. `ready`: it can do its work and means to go on; a load balancer asks this one."""
    if scope["method"] not in ("GET", "HEAD"):
        return await _say(send, 405, {"status": "method_not_allowed"}, (b"allow", b"GET, HEAD"))
    if scope["path"] == "/health/live":
        return await _say(send, 200, {"status": "ok"})
    if is_ending:
        return await _say(send, 503, {"status": "ending"})
    found = await readiness.shared()
    body: dict[str, object] = {"status": "ready" if found.ready else "not_ready", "checks": found.checks, "revision": found.revision}
    if found.unreadable:
        body["unreadable_secrets"] = found.unreadable
    return await _say(send, 200 if found.ready else 503, body)


async def _say(send: Send, status: int, body: dict[str, object], *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
