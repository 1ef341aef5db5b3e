"""A provider that fails again and again is left alone for a while, each process for itself (R11).

Closed: every call goes through. After `FAILURES` failures in a row, or one answer that asks for a pause (503 or 529 with
Retry-After), it is open: calls are refused at once, for 5 s, then twice as long each time up to 60 s, or as long as the provider
asked. Then it is half-open: one call, the trial, goes through and decides; meanwhile the others are refused. Nothing is kept of a
provider that does not fail, so that asking costs one look into a dictionary.

Some failures may be the doing of the request: a 500, a time-out, a torn answer. Those of a single client key close the way for that key
alone, or one application could take a provider from all others; two failures of others in the same row, and it is closed for everybody.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.domain.error_kind import ErrorKind, TimeLimit
from app.domain.errors import BadResponse, CircuitOpen, Failed, TimedOut, TlsFailed, Unreachable, UpstreamError
from app.domain.snapshot import Endpoint, Timeouts

FAILURES = 5
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 60.0
_LEAST_ASKED, _MOST_ASKED = 1.0, 300.0  # what a provider may ask for, in seconds
_PAUSE = (503, 529)
_TRIAL_WAIT = 1.0  # what a caller is told while the trial runs
_TRIAL_SECONDS = 10.0  # a trial that says nothing for so long does not keep the next one waiting
_OTHERS = 2  # failures of others that it takes to believe a client key
_MOST = 10_000  # records; more providers than anybody has


@dataclass(frozen=True, slots=True)
class Open:
    """Why and until when a provider is left alone in this process. `until` has passed while a trial is due or runs (`is_trying`)."""

    since: datetime
    until: datetime
    failures: int  # in a row
    error: str  # code of the last one
    is_trying: bool


@dataclass(slots=True)
class _Record:
    """What is remembered of a provider that failed, as it was configured then. Times are monotonic, `until` 0 = closed."""

    base_url: str
    timeouts: Timeouts
    failures: int = 0
    openings: int = 0
    until: float = 0.0
    error: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    ends_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    trial: "asyncio.Task[object] | None" = None  # whose call decides
    tried_at: float = 0.0
    callers: Counter[str] = field(default_factory=Counter[str])  # client key → failures of this row; "" = surely the provider's

    def is_of(self, endpoint: Endpoint) -> bool:
        return self.base_url == endpoint.base_url and self.timeouts == endpoint.timeouts

    @property
    def is_trying(self) -> bool:
        """A trial whose task has ended without a verdict is none."""
        return self.trial is not None and not self.trial.done() and time.monotonic() - self.tried_at < _TRIAL_SECONDS

    @property
    def whose(self) -> str:
        """The client key that alone meets these failures, "" = it is for everybody."""
        caller, most = max(self.callers.items(), key=lambda item: item[1], default=("", 0))
        return "" if self.callers[""] or self.callers.total() - most >= _OTHERS else caller

    def is_for(self, caller: str) -> bool:
        """Whether a break is one for this client key, too."""
        return self.whose in ("", caller)


_records: dict[str, _Record] = {}  # provider id → what it did


def admit(endpoint: Endpoint, caller: str = "") -> None:
    """Let a call of a client key ("" = of nobody in particular) through, or raise `CircuitOpen` with the seconds to wait. Whoever is let
    through ends with `succeeded`, `failed` or `released`, in the same task."""
    record = _records.get(endpoint.id)
    if record is None or not record.until:
        return
    if not record.is_of(endpoint):
        del _records[endpoint.id]  # somebody has mended it
        return
    if not record.is_for(caller):
        return
    left = record.until - time.monotonic()
    if left > 0:
        raise _refusal(left, record)
    if record.is_trying:
        raise _refusal(_TRIAL_WAIT, record)
    record.trial, record.tried_at = asyncio.current_task(), time.monotonic()


def began(endpoint: Endpoint) -> None:
    """An answer has begun. Others need not wait for the end of a long one: they are let through, and one more failure opens again."""
    record = _records.get(endpoint.id)
    if record is not None and record.until and record.is_of(endpoint) and record.until <= time.monotonic():
        record.until, record.trial, record.failures = 0.0, None, FAILURES - 1


def succeeded(endpoint: Endpoint) -> None:
    """The provider answered to the end. Closes, unless the call is an old one that ends while the provider is left alone."""
    record = _records.get(endpoint.id)
    if record is None or not record.is_of(endpoint):
        return
    if record.until <= time.monotonic():
        del _records[endpoint.id]
    elif whose := record.whose:
        record.callers = Counter({whose: record.callers[whose]})  # others do well


def failed(endpoint: Endpoint, error: UpstreamError, caller: str = "") -> None:
    """A call failed. Counts what says that the provider is not well; an answer such as 401 or 429 says that it is there."""
    if not _counts(error):
        if error.status is not None:
            succeeded(endpoint)
        else:
            released(endpoint)
        return
    record = _records.get(endpoint.id)
    if record is None or not (record.until or record.is_of(endpoint)):
        if len(_records) >= _MOST:
            _records.clear()
        record = _records[endpoint.id] = _Record(endpoint.base_url, endpoint.timeouts)
    if not record.is_of(endpoint):
        return  # a call that began before, when it was another one
    asked = error.retry_after if error.status in _PAUSE else None
    witness = caller if asked is None and _may_be_the_requests(error) else ""
    if record.until and not record.is_for(caller):
        record.callers[witness] += 1
        if record.whose:
            return  # let through while another one's way is closed
    elif not record.openings:
        record.callers[witness] += 1
    elif record.until <= time.monotonic():
        record.callers = Counter([witness])  # whoever meets it again
    if record.until > time.monotonic():
        return  # a call that began before, when it was still closed
    record.failures += 1
    record.error = error.code
    if record.until or asked is not None or record.failures >= FAILURES:
        _open(record, asked)


def released(endpoint: Endpoint) -> None:
    """A call ended without a verdict, for example because its caller left: the next one may be the trial."""
    record = _records.get(endpoint.id)
    if record is not None and record.trial is not None and record.trial is asyncio.current_task():
        record.trial = None


def opened(endpoint_id: str, caller: str = "") -> Open | None:
    """Whether a provider is left alone, None when calls go through. An edit closes it at the first call after it: see `opened_for`."""
    record = _records.get(endpoint_id)
    if record is None or not record.until or not record.is_for(caller):
        return None
    return Open(record.since, record.ends_at, record.failures, record.error, record.is_trying)


def opened_for(endpoint: Endpoint, caller: str = "") -> Open | None:
    """The same for a provider as it is configured now."""
    record = _records.get(endpoint.id)
    return opened(endpoint.id, caller) if record is not None and record.is_of(endpoint) else None


def forget(endpoint_id: str = "") -> None:
    """Know nothing of this provider, or of any: a person has tested it, or a process (a test) begins anew."""
    if endpoint_id:
        _records.pop(endpoint_id, None)
    else:
        _records.clear()


def _counts(error: UpstreamError) -> bool:
    if isinstance(error, Failed):
        return error.status is not None and error.status >= 500
    return isinstance(error, Unreachable | TlsFailed | TimedOut | BadResponse)


def _may_be_the_requests(error: UpstreamError) -> bool:
    """Whether another request might have fared better: the provider was reached, and said nothing of a pause."""
    if isinstance(error, TimedOut):
        return error.limit is not TimeLimit.CONNECT
    if isinstance(error, Unreachable):
        return error.kind is ErrorKind.LOST
    return isinstance(error, Failed | BadResponse)


def _open(record: _Record, asked: float | None) -> None:
    """Spread a little, so that several processes do not all try in the same moment; never earlier than was asked for."""
    wait = min(FIRST_SECONDS * 2.0**record.openings, LONGEST_SECONDS) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    if asked is not None:
        asked = min(max(asked, _LEAST_ASKED), _MOST_ASKED)
        wait = min(asked * random.uniform(1.0, 1.1), _MOST_ASKED)  # noqa: S311
    at = datetime.now(UTC)
    if not record.until:
        record.since = at
    record.openings = min(record.openings + 1, 10)
    record.until, record.ends_at, record.trial = time.monotonic() + wait, at + timedelta(seconds=wait), None


def _refusal(left: float, record: _Record) -> CircuitOpen:
    return CircuitOpen(
        "The provider failed several times in a row and is paused. Patchbay retries it automatically.",
        retry_after=max(left, 0.1),
        details={"error": record.error},
    )
