"""What is kept of one request for usage and for the list of keys."""

import time

from app.domain.errors import PatchbayError
from app.domain.usage import Usage
from app.relay import outcomes
from app.relay.failover import Trying
from app.relay.outcomes import Outcome

LONGEST_NAME = 200  # characters kept of a model nobody knows
CALLER_LEFT = 499  # what web servers write down when nobody was there any more to be answered


class RequestRecord:
    """One request, from its first byte. `started` on the clock of `perf_counter`; `key_id` = whose it is, "" = of no key."""

    __slots__ = ("_at", "_selector", "_started", "_stream", "key_id")

    def __init__(self, started: float, key_id: str = "") -> None:
        self._at, self._started = time.time(), started
        self.key_id, self._selector = key_id, ""
        self._stream = False

    def asks(self, selector: str, provider: str, *, stream: bool = False) -> None:
        """What it asks for is known. `provider` "" unless it names the provider apart from the model."""
        named = f"{provider}/{selector}" if provider else selector
        self._selector, self._stream = named[:LONGEST_NAME], stream

    def refused(self, error: PatchbayError, status: int) -> None:
        """No provider was asked."""
        took = self._milliseconds(time.perf_counter())
        outcomes.note(
            Outcome(
                at=self._at,
                client_key_id=self.key_id,
                selector=self._selector,
                status=status,
                error=error.code,
                began_ms=took,
                total_ms=took,
                stream=self._stream,
            )
        )

    def ended(self, trying: Trying, status: int, error: str, usage: Usage | None, began_at: float) -> None:
        """It was answered with `status`, or its caller left before (0)."""
        ended_at, was_sent = time.perf_counter(), trying.attempts > 0
        outcomes.note(
            Outcome(
                at=self._at,
                client_key_id=self.key_id,
                selector=self._selector,
                provider_id=trying.target.endpoint.id if was_sent else "",
                model=trying.target.model if was_sent else "",
                credential_id=trying.key_id,
                status=status or CALLER_LEFT,
                error=error,
                began_ms=self._milliseconds(began_at or ended_at),
                total_ms=self._milliseconds(ended_at),
                tokens_in=usage.tokens_in if usage else None,
                tokens_out=usage.tokens_out if usage else None,
                tokens_cached=usage.tokens_cached if usage else None,
                stream=self._stream,
                attempts=trying.attempts,
            )
        )

    def _milliseconds(self, until: float) -> float:
        return (until - self._started) * 1_000
