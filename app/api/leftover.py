"""What is left of a body when the answer is ready: it is read and thrown away first, as much as is reasonable.

A server that closes a connection with unread bytes in it resets it, and the reset overtakes the answer: whoever sends too much, or
without a key, would never learn why.
"""

import asyncio

from app.asgi_types import Message, Receive, Scope, Send

MOST_BYTES = 256 * 1024 * 1024
MOST_SECONDS = 30.0


class Leftover:
    """The body of one request. Give `receive` and `send` to the application in place of the server's."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        self._receive, self._send = receive, send
        self._is_whole = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
        # Such a caller has sent nothing yet, and will not when the answer says so.
        self._is_held_back = headers.get(b"expect", b"").lower() == b"100-continue"

    async def receive(self) -> Message:
        """The next part."""
        self._is_held_back = False
        message = await self._receive()
        self._is_whole = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        """Read to the end before the answer begins."""
        if message["type"] == "http.response.start" and not (self._is_whole or self._is_held_back):
            await self._drop()
        await self._send(message)

    async def _drop(self) -> None:
        dropped = 0
        try:
            async with asyncio.timeout(MOST_SECONDS):
                while not self._is_whole and dropped <= MOST_BYTES:
                    dropped += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return  # it is answered all the same
