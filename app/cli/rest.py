"""REST as a command asks it: of a running server, or of the same application in this process, without a socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from app.api import application, guard
from app.asgi_types import App, Message, Scope
from app.cli import exits, secrets_in
from app.cli.exits import Exit, Failure
from app.domain.actor import Actor

# A test of many models takes minutes; a server that is not there is known at once.
_PATIENCE = httpx.Timeout(600.0, connect=10.0)
_PAGE = 100


class Rest:
    """Asks and reads. Whatever is no success is raised as a `Failure`."""

    def __init__(self, client: httpx.AsyncClient, *, address: str) -> None:
        self._client = client
        self._address = address

    async def ask(self, method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        """The answer's JSON; None where it has no body. `path` begins behind `/api/v1`."""
        async with self.stream(method, path, query=query, body=body) as answer:
            text = await answer.aread()
        return json.loads(text) if text else None

    async def every(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        """A list from its first page to its last, in the shape of one page."""
        found: list[Any] = []
        cursor, more = None, {}
        while True:
            page = await self.ask("GET", path, query={**query, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            more = {name: value for name, value in page.items() if name not in ("items", "next_cursor", "total")}
            if (cursor := page.get("next_cursor")) is None:
                return {"items": found, "next_cursor": None, "total": len(found), **more}

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None
    ) -> AsyncIterator[httpx.Response]:
        """The answer before its body was read."""
        request = self._client.build_request(method, application.PREFIX + path, params=query or None, json=body)
        try:
            answer = await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise Failure(f"The server at {self._address} cannot be reached ({type(error).__name__}).", Exit.UNREACHABLE) from None
        try:
            if answer.status_code >= 400:
                raise self._refusal(answer.status_code, await answer.aread())
            if answer.status_code >= 300:
                raise self._stranger(answer.status_code)
            yield answer
        except httpx.HTTPError as error:
            raise Failure(f"The connection to {self._address} broke ({type(error).__name__}).", Exit.UNREACHABLE) from None
        finally:
            await answer.aclose()

    def _refusal(self, status: int, text: bytes) -> Failure:
        try:
            body = json.loads(text)
            return exits.of_answer(status, body)
        except (ValueError, KeyError, TypeError):
            return self._stranger(status)

    def _stranger(self, status: int) -> Failure:
        return Failure(f"{self._address} answers with HTTP {status}, and that is not Patchbay. Check --url.", Exit.UNREACHABLE)


@asynccontextmanager
async def remote(address: str, key_file: Path | None) -> AsyncIterator[Rest]:
    """A running server, with the app key of a file."""
    if key_file is None:
        raise Failure("Name a file with an app key for the server: --key-file or PATCHBAY_KEY_FILE.", Exit.USAGE)
    key = secrets_in.of_file(key_file).strip()
    base = address.rstrip("/")
    try:
        client = httpx.AsyncClient(base_url=base, headers={"authorization": f"Bearer {key}"}, timeout=_PATIENCE)
    except (httpx.InvalidURL, ValueError):
        raise Failure(f"{address} is no address of a server, for example https://llm.example.com.", Exit.USAGE) from None
    if not base.startswith(("http://", "https://")) or not key.isascii():
        raise Failure("The address of a server begins with https:// or http://, and the file holds one app key.", Exit.USAGE)
    async with client:
        yield Rest(client, address=base)


@asynccontextmanager
async def local(caller: Actor) -> AsyncIterator[Rest]:
    """The application in this process, within `lifespan.runtime()`, for a caller who holds the data folder."""
    async with httpx.AsyncClient(base_url="http://data-folder", transport=_InProcess(_api(), caller), timeout=None) as client:  # noqa: S113 - nothing is sent
        yield Rest(client, address="the data folder")


@cache
def _api() -> App:
    return application.make_api()


class _InProcess(httpx.AsyncBaseTransport):
    """Calls an ASGI application for each request. An answer is handed on as it comes: an export is larger than memory should be."""

    def __init__(self, app: App, caller: Actor) -> None:
        self._app = app
        self._caller = caller

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = [await request.aread()]
        said: asyncio.Queue[Message | None] = asyncio.Queue(8)
        scope: Scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "root_path": "",
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            guard.OPERATOR: self._caller,
        }

        async def receive() -> Message:
            if sent:
                return {"type": "http.request", "body": sent.pop()}
            await asyncio.Event().wait()  # the caller stays until the answer is there
            raise AssertionError

        async def work() -> None:
            try:
                await self._app(scope, receive, said.put)
            finally:
                if not said.full():  # whoever reads a full one looks at the task afterwards
                    said.put_nowait(None)

        working = asyncio.create_task(work())
        start = await said.get()
        if start is None:
            await working
            raise httpx.RemoteProtocolError("no answer")
        return httpx.Response(start["status"], headers=start["headers"], stream=_Body(working, said))


class _Body(httpx.AsyncByteStream):
    def __init__(self, working: asyncio.Task[None], said: "asyncio.Queue[Message | None]") -> None:
        self._working = working
        self._said = said

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not (self._working.done() and self._said.empty()):
            if (message := await self._said.get()) is None:
                break
            if chunk := message.get("body"):
                yield chunk
            if not message.get("more_body"):
                await self._working
                break

    async def aclose(self) -> None:
        """Reads no further; the application ends as it does when a caller leaves."""
        self._working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._working
