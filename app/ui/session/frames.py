"""What of a websocket reaches Reflex: text of its protocol, so much and so fast, behind a head without what nobody reads.

Sockets of people who are signed in may send what a page of theirs sends; whoever is not known has little to say.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from app.asgi_types import App, Message, Receive, Scope, Send
from app.domain.errors import StorageError
from app.domain.people import cookie
from app.services import sessions

Sleep = Callable[[float], Awaitable[None]]

PATH = "/_event"
STRANGERS_BYTES = 16 * 1024
# A page that comes alive sends five frames, then answers a ping every 25 s.
BURST, PER_SECOND = 60, 10.0
FIRST_SECONDS = 15.0  # for the frame with which a page introduces itself
_KNOWN_SECONDS = 2.0  # how long an answer about a session counts
_TOO_LARGE, _NOT_OURS = 1009, 1008
_END = {"type": "websocket.disconnect", "code": _NOT_OURS}
# Engine.IO's pong and close; Socket.IO's connect, disconnect and event. What else there is carries attachments that a server keeps
# until they are complete, answers to questions that nobody asked, or another transport.
_FRAME = re.compile(r"3|1|4[012]")
_QUERY = re.compile(rb"[A-Za-z0-9=&._%-]{1,300}")
_HEADERS = frozenset({
    b"host", b"origin", b"upgrade", b"connection", b"x-forwarded-proto", b"x-forwarded-host", b"sec-websocket-protocol",
})  # fmt: skip
_LONGEST_HEADER = 300


class Frames:
    """ASGI, around the application that serves the websocket."""

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self.app = app
        self.clock, self.sleep = clock, sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or not scope.get("path", "").startswith(PATH):
            await self.app(scope, receive, send)
        elif not _QUERY.fullmatch(scope.get("query_string", b"")):
            await receive()
            await send({"type": "websocket.close", "code": _NOT_OURS, "reason": "query"})
        else:
            line = Line(receive, send, _token(scope), self.clock, self.sleep)
            await self.app({**scope, "headers": _headers(scope), "line": line}, line.receive, line.send)


class Line:
    """One open websocket."""

    def __init__(self, receive: Receive, send: Send, token: str, clock: Callable[[], float], sleep: Sleep) -> None:
        self._receive, self._send, self._token, self._clock, self._sleep = receive, send, token, clock, sleep
        self._frames = 0
        self._credit, self._counted_at = float(BURST), clock()
        self._known, self._known_at = False, -_KNOWN_SECONDS
        self._is_introduced = self._is_closed = False

    async def receive(self) -> Message:
        """The next message. A frame that may not be sent ends the connection."""
        if self._is_closed:
            return _END
        try:
            async with asyncio.timeout(FIRST_SECONDS if self._frames == 1 else None):
                message = await self._receive()
        except TimeoutError:
            return await self.end("silent")
        self._frames += 1
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text")
        # A second introduction would take the place of the first one, of which nobody would hear that it is gone.
        if text is None or not _FRAME.match(text) or (text.startswith("40") and self._is_introduced):
            return await self.end("frame")
        self._is_introduced = True
        if len(text) > STRANGERS_BYTES // 4 and len(text.encode()) > STRANGERS_BYTES and not await self._is_known():
            return await self.end("sign in first", _TOO_LARGE)
        await self._in_time()
        return message

    async def end(self, reason: str, code: int = _NOT_OURS) -> Message:
        """Close the connection; what the application hears of it."""
        await self.send({"type": "websocket.close", "code": code, "reason": reason})
        return _END

    async def send(self, message: Message) -> None:
        """Pass on what there is to say while somebody listens."""
        if not self._is_closed:
            self._is_closed = message["type"] == "websocket.close"
            await self._send(message)

    async def _in_time(self) -> None:
        """Let a stranger who sends too fast wait: nothing more is read from the connection meanwhile."""
        now = self._clock()
        self._credit = min(BURST, self._credit + (now - self._counted_at) * PER_SECOND) - 1
        self._counted_at = now
        if self._credit < 0 and not await self._is_known():
            await self._sleep(-self._credit / PER_SECOND)

    async def _is_known(self) -> bool:
        now = self._clock()
        if self._token and now - self._known_at >= _KNOWN_SECONDS:
            try:
                self._known = await sessions.is_alive(self._token)
            except StorageError:
                self._known = False
            self._known_at = now
        return self._known


def _token(scope: Scope) -> str:
    """The session token of the handshake, or ""."""
    return cookie.read("; ".join(bytes(value).decode("latin-1") for name, value in scope["headers"] if bytes(name).lower() == b"cookie"))


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What Reflex may see of the head, and keeps as long as the socket lives: of the cookies only the session's."""
    kept = [(name, value) for name, value in scope["headers"] if bytes(name).lower() in _HEADERS and len(value) <= _LONGEST_HEADER]
    token = _token(scope)
    return [*kept, (b"cookie", f"{cookie.SAFE}={token}".encode())] if token else kept
