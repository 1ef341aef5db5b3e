"""Access tokens of this process, in memory only: fetched once for all who wait, renewed before they end, forgotten when refused."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.domain.credentials.token import TokenInfo
from app.domain.errors import UpstreamError
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import Token

FAILURE_SECONDS = 5.0
MOST = 2_000
# What a token belongs to: id of the credential, then everything that decides what is asked for. It holds no plaintext.
Mark = tuple[str, ...]
Fetch = Callable[[], Awaitable[Token]]


@dataclass(slots=True, eq=False)
class _Entry:
    """`failed_at`: the last attempt, while it still counts. `useless_at`: a new token was refused just as the old one."""

    token: Token | None = None
    task: asyncio.Task[Token] | None = None
    failure: UpstreamError | None = None
    failed_at: float = 0.0
    useless_at: float | None = None


class Tokens:
    """One worker's tokens. `clock`: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[Mark, _Entry] = {}

    async def get(self, mark: Mark, fetch: Fetch) -> Secret:
        """A valid token. Whoever asks while one is fetched waits for it; one that ripens is renewed while it is still used.

        Raises what `fetch` raised; within 5 s of a failure without asking again.
        """
        entry = self._entry(mark)
        at, token = self._clock(), entry.token
        if token is not None and at < token.ends:
            if at >= token.ripens and not self._has_failed(entry, at):
                self._flight(entry, fetch)
            return token.secret
        return (await self._fetched(entry, fetch)).secret

    async def renewed(self, mark: Mark, fetch: Fetch, *, refused: Secret) -> Secret | None:
        """Another token than the one a provider has just refused; None when a new one was refused as well a moment ago."""
        entry = self._entry(mark)
        token, at = entry.token, self._clock()
        if token is not None and not token.secret.same_as(refused) and at < token.ends:
            return token.secret  # somebody else was refused first
        if entry.useless_at is not None and at - entry.useless_at < FAILURE_SECONDS:
            return None
        entry.token = None  # whoever comes now waits for the new one
        try:
            return (await self._fetched(entry, fetch)).secret
        except UpstreamError:
            entry.token = entry.token or token  # perhaps it was the provider that erred
            raise

    def note_useless(self, mark: Mark) -> None:
        """A new token was refused, too: the next ones are not tried for a moment."""
        self._entry(mark).useless_at = self._clock()

    async def fetch(self, mark: Mark, fetch: Fetch) -> TokenInfo:
        """Fetch now, whatever is held: a person asks. The old token stays when this fails."""
        entry = self._entry(mark)
        entry.failure = None
        return (await asyncio.shield(self._flight(entry, fetch))).info

    def known(self, credential_id: str) -> TokenInfo | None:
        """What may be shown of the token that is held for a credential; of several the one that lives longest."""
        at = self._clock()
        held = [e.token for mark, e in self._entries.items() if mark[0] == credential_id and e.token is not None and at < e.token.ends]
        return max(held, key=lambda token: token.ends).info if held else None

    async def close(self) -> None:
        """Forget everything and stop what is under way."""
        running = [entry.task for entry in self._entries.values() if entry.task is not None]
        self._entries = {}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _fetched(self, entry: _Entry, fetch: Fetch) -> Token:
        if entry.task is None and self._has_failed(entry, self._clock()) and (failure := entry.failure) is not None:
            raise type(failure)(failure.message, detail=failure.detail, details=failure.details)
        # Whoever stops waiting does not stop it for the others.
        return await asyncio.shield(self._flight(entry, fetch))

    def _flight(self, entry: _Entry, fetch: Fetch) -> asyncio.Task[Token]:
        if entry.task is None:
            entry.task = asyncio.create_task(self._run(entry, fetch), name="access token")
            entry.task.add_done_callback(_heard)
        return entry.task

    async def _run(self, entry: _Entry, fetch: Fetch) -> Token:
        at = self._clock()
        try:
            entry.token = token = replace(await fetch(), born=at)
        except UpstreamError as error:
            entry.failure, entry.failed_at = error.with_traceback(None), self._clock()
            raise
        else:
            entry.failure = None
            return token
        finally:
            entry.task = None

    def _has_failed(self, entry: _Entry, at: float) -> bool:
        return entry.failure is not None and at - entry.failed_at < FAILURE_SECONDS

    def _entry(self, mark: Mark) -> _Entry:
        found = self._entries.get(mark)
        if found is None:
            if len(self._entries) >= MOST:
                at = self._clock()
                kept = {m: e for m, e in self._entries.items() if e.task is not None or (e.token is not None and at < e.token.ends)}
                self._entries = dict(list(kept.items())[-MOST // 2 :])
            found = self._entries[mark] = _Entry()
        return found


def _heard(task: asyncio.Task[Token]) -> None:
    """A renewal in the background fails without anybody listening."""
    if not task.cancelled():
        task.exception()


shared = Tokens()
