"""The targets of a route in their order: another one before the first byte, never after it."""

import random
import time
from collections.abc import Callable
from types import TracebackType

from app.domain.error_kind import ErrorKind, TimeLimit
from app.domain.errors import (
    BadResponse,
    CircuitOpen,
    EgressRefused,
    Failed,
    LimitReached,
    NoCredential,
    PatchbayError,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    TranslatorDown,
    Unreachable,
    Unsupported,
    UpstreamError,
)
from app.domain.snapshot import Route, Target
from app.relay import circuit, limits, provider_outcomes
from app.relay.pipeline import Calling
from app.upstream.reply import Reply
from app.upstream.wire.call import Ask

# What a provider did not take, whatever else it says: the same request may go somewhere else.
_NOT_TAKEN = (NoCredential, Refused, RateLimited, CircuitOpen, EgressRefused, TlsFailed, LimitReached, Unsupported)
_GONE = frozenset({404, 405, 410})  # the model or the address is not there
_NO_ANSWER_OF_A_MODEL = frozenset({ErrorKind.HTML, ErrorKind.REDIRECT, ErrorKind.NOT_HTTP, ErrorKind.TLS_EXPECTED, ErrorKind.ENCODED})


class Trying:
    """One request, sent to the first target that takes it; entered, it gives a success that has begun.

    `ask_for` writes the request for a target and may raise `Unsupported`; `caller` is the id of a client key. `target` and `key_id` are
    those of the last attempt, `attempts` counts the targets that were asked. Raises what the last target was refused with.
    """

    __slots__ = ("_ask_for", "_began", "_caller", "_calling", "_left", "_started", "attempts", "target")

    def __init__(self, route: Route, ask_for: Callable[[Target], Ask], caller: str = "") -> None:
        self._left = in_order(route.targets)
        self._ask_for: Callable[[Target], Ask] | None = ask_for
        self._caller = caller
        self._calling: Calling | None = None
        self._started = self._began = 0.0
        self.target = route.targets[0]
        self.attempts = 0

    @property
    def key_id(self) -> str:
        """The credential that was used last, "" when none was."""
        return self._calling.key_id if self._calling else ""

    async def __aenter__(self) -> Reply:
        if self._ask_for is None:
            raise RuntimeError("a request is tried once")
        for place, target in enumerate(self._left):
            self.target = target
            try:
                reply = await self._begun(target, self._ask_for(target))
            except PatchbayError as error:
                if place == len(self._left) - 1 or not may_try_another(error):
                    raise
            else:
                self._ask_for = None  # what could be sent again is not needed any more
                return reply
        raise RuntimeError("a route has a target")

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._calling is None:
            return
        try:
            await self._calling.__aexit__(kind, error, trace)
        except BaseException as ended:  # a time limit of ours comes out as its own error; whatever it is, the place is free again
            self._ended(ended)
            raise
        self._ended(error)

    async def _begun(self, target: Target, ask: Ask) -> Reply:
        endpoint = target.endpoint
        self._calling = None  # an earlier target's
        circuit.admit(endpoint, self._caller)
        try:
            limits.enter(endpoint)
        except LimitReached:
            circuit.released(endpoint)
            raise
        self.attempts += 1
        self._calling = calling = Calling(endpoint, ask)
        self._started = time.perf_counter()
        try:
            reply = await calling.__aenter__()
        except BaseException as error:
            self._began = time.perf_counter()
            self._ended(error)
            raise
        self._began = time.perf_counter()
        circuit.began(endpoint)
        return reply

    def _ended(self, error: BaseException | None) -> None:
        """This attempt is over: free its place, and say how it went."""
        endpoint = self.target.endpoint
        limits.leave(endpoint)
        if error is None:
            circuit.succeeded(endpoint)
        elif isinstance(error, UpstreamError):
            circuit.failed(endpoint, error, self._caller)
        else:
            circuit.released(endpoint)  # the caller left, or this process ends: nothing is known of the provider
            return
        keys = provider_outcomes.whose(endpoint, error, self._calling.keys if self._calling else ())
        provider_outcomes.note(endpoint.id, error, self._began - self._started, keys)


def in_order(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Lower priority first; among equals a draw in which each is as often the first as its weight says."""
    if len(targets) == 1:
        return targets
    # Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the largest u^(1/w) comes first.
    return tuple(sorted(targets, key=lambda target: (target.priority, -(random.random() ** (1 / max(target.weight, 1e-9))))))  # noqa: S311


def may_try_another(error: PatchbayError) -> bool:
    """Whether a request that ended so may be sent to another provider: nobody took it, or it was answered with a failure.

    Where nobody knows whether it was taken (a connection lost or a time-out after it was sent), it is not sent twice.
    """
    if isinstance(error, _NOT_TAKEN):
        return True
    if isinstance(error, Unreachable):
        return error.kind is not ErrorKind.LOST
    if isinstance(error, TimedOut):
        return error.limit is TimeLimit.CONNECT
    if isinstance(error, BadResponse):
        return error.kind in _NO_ANSWER_OF_A_MODEL
    if isinstance(error, TranslatorDown):
        return error.kind is not ErrorKind.DIED
    if isinstance(error, Failed):
        return error.status >= 500 or error.status in _GONE if error.status else error.kind is ErrorKind.MALFORMED
    return False
