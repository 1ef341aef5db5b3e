"""The whole application below a path, beside others on one host.

A proxy may take the path off before it passes a request on, or not: both work. Inside there are only our own paths.
"""

from app.asgi_types import App, Message, Receive, Scope, Send


def placed(base_path: str, app: App) -> App:
    """`app` below this path; as it is when there is none."""
    return Below(base_path, app) if base_path else app


class Below:
    """Takes the path off requests, and puts it in front of where an answer sends the browser."""

    def __init__(self, base_path: str, app: App) -> None:
        self.base_path, self.app = base_path, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] == "http" and path == self.base_path:
            await self._to_the_top(scope, send)
            return
        if path.startswith(f"{self.base_path}/"):
            raw = scope.get("raw_path") or b""
            scope = {**scope, "path": path.removeprefix(self.base_path), "raw_path": raw.removeprefix(self.base_path.encode())}
        await self.app(scope, receive, self._placing(send))

    async def _to_the_top(self, scope: Scope, send: Send) -> None:
        """Without the slash at the end a browser would resolve what it finds there against the path above."""
        query = b"?" + scope["query_string"] if scope.get("query_string") else b""
        headers = [(b"location", self.base_path.encode() + b"/" + query), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 308, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _placing(self, send: Send) -> Send:
        async def placing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(name, self._place(name, value)) for name, value in message.get("headers", ())]}
            await send(message)

        return placing

    def _place(self, name: bytes, value: bytes) -> bytes:
        is_ours = name.lower() == b"location" and value.startswith(b"/") and not value.startswith(b"//")
        return self.base_path.encode() + value if is_ours else value
