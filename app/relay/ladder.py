"""The diagnosis ladder: address → DNS → port → TLS → HTTP → credential → model list → chat → stream.

Each rung is timed and handed out as it happens; the first red one ends the climb.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from app.domain.capabilities import Support
from app.domain.errors import BadResponse, Failed, NoCredential, RateLimited, Refused, UpstreamError
from app.domain.preset import Preset
from app.domain.probe import Depth, Finding, ProbeError, ProbeResult, ProbeStep, Rung, Verdict
from app.domain.provider import Wire
from app.domain.routes import ROUTES, effective_urls
from app.domain.snapshot import Endpoint
from app.relay import findings, model_choice, trial
from app.relay.pipeline import Ask, repeatable
from app.upstream import auth
from app.upstream.reach import Reach

_F = Finding
_DEPTHS: tuple[Depth, ...] = ("auth", "models", "chat", "stream")


async def run(
    endpoint: Endpoint, *, model: str | None = None, depth: Depth = "chat", preset: Preset | None = None
) -> AsyncGenerator[ProbeStep | ProbeResult, None]:
    """Climb as far as `depth` and yield each rung when it is done, the result last.

    Calls go through `relay.call`, as traffic does. A disabled endpoint is climbed as well: whether it may be is the
    caller's rule. Whoever stops reading closes what is open.
    """
    climb = _Climb(endpoint, model, depth, preset)
    try:
        async with aclosing(climb.steps()) as steps:
            async for step in steps:
                yield step
        yield climb.result()
    finally:
        climb.close()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a rung found. `proves` False: true without having been shown, for example "no key is needed"."""

    finding: Finding
    ok: bool | None = True
    facts: dict[str, Any] = field(default_factory=dict)
    proves: bool = True


class _Climb:
    def __init__(self, endpoint: Endpoint, model: str | None, depth: Depth, preset: Preset | None) -> None:
        self._endpoint, self._depth, self._preset = endpoint, _DEPTHS.index(depth), preset
        self._model = model
        self._steps: list[ProbeStep] = []
        self._proven: list[Rung] = []
        self._reach = Reach(endpoint)
        has_path = bool(ROUTES[endpoint.type].models)
        self._has_list = has_path and (preset is None or preset.model_list != "none")
        self._own_path = endpoint.capabilities.test_path if endpoint.wire is Wire.OPENAI else ""
        check = self._own_path or (preset.key_check if preset else "")
        self._is_open = preset is not None and preset.model_list_public and not check
        self._ask = Ask(check or (trial.MODELS_PATH if self._has_list else ""))
        self._first: bytes | UpstreamError = b""  # what the HTTP rung was answered
        self._models: list[str] = []
        self._said: trial.Said | None = None
        self._limit = "max_tokens"
        self._latency: float | None = None
        self._error: ProbeError | None = None
        self._amber: Verdict | None = None
        self._is_over = False

    async def steps(self) -> AsyncGenerator[ProbeStep, None]:
        """Each rung as it is done."""
        for name, climb in self._rungs():
            started = time.perf_counter()
            outcome = await self._tried(name, climb)
            if outcome is None:
                continue
            ms = round((time.perf_counter() - started) * 1000, 1)
            # Without a credential nothing was sent: it is that rung which is red, not the one that would have sent it.
            is_missing = outcome.ok is False and findings.VERDICTS.get(outcome.finding) is Verdict.NO_CREDENTIAL
            rung = Rung.CREDENTIAL if is_missing else name
            step = ProbeStep(name=rung, ok=outcome.ok, ms=ms, message=outcome.finding, values=outcome.facts)
            self._steps.append(step)
            if outcome.ok and outcome.proves:
                self._proven.append(rung)
            yield step
            if outcome.ok is False or self._is_over:
                return

    def result(self) -> ProbeResult:
        """What the climb found in all."""
        is_red = any(step.ok is False for step in self._steps)
        verdict = findings.VERDICTS.get(self._error.code, Verdict.BAD_RESPONSE) if is_red and self._error else self._amber or Verdict.OK
        return ProbeResult(
            ok=not is_red,
            verdict=verdict,
            proven=[rung for rung in Rung if rung in self._proven],
            steps=self._steps,
            model=self._model if self._ask.body is not None else None,
            latency_ms=self._latency,
            preview=self._said.preview if self._said else "",
            usage=self._said.usage if self._said else None,
            error=self._error,
            models=self._models,
            curl=repeatable(self._endpoint, self._ask),
            checked_at=datetime.now(UTC),
        )

    def close(self) -> None:
        """Give up the trial connection, when the consumer stopped in the middle."""
        self._reach.close()

    def _rungs(self) -> list[tuple[Rung, Callable[[], Awaitable[_Outcome | None]]]]:
        rungs: list[tuple[Rung, Callable[[], Awaitable[_Outcome | None]]]] = [
            (Rung.ADDRESS, self._address),
            (Rung.DNS, self._dns),
            (Rung.PORT, self._port),
            (Rung.TLS, self._tls),
            (Rung.HTTP, self._http),
            (Rung.CREDENTIAL, self._credential),
        ]
        deeper = [(Rung.MODELS, self._list), (Rung.CHAT, self._chat), (Rung.STREAM, self._stream)]
        return rungs + deeper[: self._depth]

    async def _tried(self, rung: Rung, climb: Callable[[], Awaitable[_Outcome | None]]) -> _Outcome | None:
        try:
            return await climb()
        except RateLimited as error:
            return self._limited(error)
        except UpstreamError as error:
            finding, facts = findings.of(error, self._endpoint)
            if finding is _F.KEY_REFUSED and Rung.CREDENTIAL in self._proven:
                self._proven.remove(Rung.CREDENTIAL)  # the list was public: it proved nothing
            if rung in (Rung.CHAT, Rung.STREAM):
                finding = findings.of_chat(error, self._endpoint, self._model or "", is_stream=rung is Rung.STREAM) or finding
                facts["model"] = self._model
            return self._red(finding, facts, detail=error.detail)

    async def _address(self) -> _Outcome:
        try:
            url = URL(self._endpoint.base_url)
            if self._endpoint.problem == "malformed" or not url.host:
                raise ValueError
        except ValueError:
            return self._red(_F.ADDRESS_INVALID, {})
        if self._reach.is_literal:
            await self._reach.look_up()  # judges it; a name is judged on its own rung
        return _Outcome(
            _F.ADDRESS_OK, facts={"url": effective_urls(self._endpoint.type, self._endpoint.base_url, self._endpoint.auth)["chat"]}
        )

    async def _dns(self) -> _Outcome:
        if self._reach.is_literal:
            return _Outcome(_F.LOOK_UP_NOT_NEEDED, proves=False)
        return _Outcome(_F.ADDRESS_FOUND, facts=(await self._reach.look_up()).facts)

    async def _port(self) -> _Outcome:
        return _Outcome(_F.PORT_OPEN, facts=(await self._reach.connect()).facts)

    async def _tls(self) -> _Outcome:
        if self._reach.is_encrypted:
            return _Outcome(_F.SECURE, facts=(await self._reach.secure()).facts)
        self._reach.close()
        return _Outcome(_F.NOT_ENCRYPTED, proves=False)

    async def _http(self) -> _Outcome | None:
        """The first call. Any answer of a web server passes; what it says is for the next rungs."""
        if not self._ask.path:
            return None  # this vendor has nothing to ask for but a chat
        started = time.perf_counter()
        status = 200
        try:
            self._first = await (trial.reach if self._own_path else trial.get)(self._endpoint, self._ask.path)
        except UpstreamError as error:
            if error.status is None or isinstance(error, BadResponse | NoCredential):
                raise
            if isinstance(error, Failed) and _is_server_fault(error):
                raise
            self._first, status = error, error.status
        self._latency = round((time.perf_counter() - started) * 1000, 1)
        return _Outcome(_F.ANSWERS, facts={"status": status})

    async def _credential(self) -> _Outcome:
        if isinstance(self._first, Refused | RateLimited):
            raise self._first
        if not self._needs_key:
            return _Outcome(_F.KEY_NOT_NEEDED, proves=False)
        if isinstance(self._first, UpstreamError) or self._is_open or not self._ask.path:
            if self._depth == 0:
                self._note(_F.NO_MODEL_LIST)
            return _Outcome(_F.KEY_NOT_TRIED, ok=None)
        return _Outcome(_F.KEY_ACCEPTED)

    async def _list(self) -> _Outcome:
        if not self._has_list:
            self._note(_F.NO_MODEL_LIST)
            return _Outcome(_F.NO_MODEL_LIST, ok=None)
        if self._own_path or self._ask.path != trial.MODELS_PATH:
            self._ask = Ask(trial.MODELS_PATH)
            try:
                self._first = await trial.get(self._endpoint, self._ask.path)
            except Failed as error:
                self._first = error
        if isinstance(self._first, UpstreamError):
            if not isinstance(self._first, Failed) or _is_server_fault(self._first):
                raise self._first
            self._note(_F.NO_MODEL_LIST)
            return _Outcome(_F.NO_MODEL_LIST, ok=None)
        self._models = trial.listed(self._first)
        if not self._models:
            self._note(_F.NO_MODELS)
            return _Outcome(_F.NO_MODELS, ok=None)
        return _Outcome(_F.MODELS_LISTED, facts={"count": len(self._models)})

    async def _chat(self) -> _Outcome:
        self._model = self._model or model_choice.choose(self._endpoint, self._models, self._preset)
        if self._model is None:
            return self._no_model()
        self._ask = trial.question(self._model)
        try:
            self._said = await trial.chat(self._endpoint, self._ask)
        except Failed as error:
            if not trial.wants_other_limit(error):
                raise
            self._limit = "max_completion_tokens"
            self._ask = trial.question(self._model, limit=self._limit)
            self._said = await trial.chat(self._endpoint, self._ask)
        self._answered(self._said)
        return _Outcome(_F.CHAT_ANSWERED if self._said.preview.strip() else _F.CHAT_EMPTY, facts={"model": self._model})

    async def _stream(self) -> _Outcome:
        if self._endpoint.capabilities.streaming is Support.NO:
            return _Outcome(_F.STREAM_NOT_OFFERED, ok=None)
        model = self._model or ""  # the rung before chose one
        self._ask = trial.question(model, stream=True, limit=self._limit)
        said = await trial.stream(self._endpoint, self._ask)
        return _Outcome(_F.STREAM_ANSWERED, facts={"model": model, "chunks": said.chunks})

    @property
    def _needs_key(self) -> bool:
        kind = auth.types().get(self._endpoint.auth_type)
        return bool(kind and kind.info.secret_fields)

    def _answered(self, said: trial.Said) -> None:
        """A chat proves the key as well, and what was missing before was not needed."""
        self._latency, self._error = said.latency_ms, None
        if self._needs_key and Rung.CREDENTIAL not in self._proven:
            self._proven.append(Rung.CREDENTIAL)

    def _no_model(self) -> _Outcome:
        """No list and nobody named a model: amber, unless the path looks wrong, which then is the likelier reason."""
        self._is_over = True
        misplaced = findings.misplaced(self._endpoint)
        if isinstance(self._first, Failed) and self._first.status == 404 and misplaced is not _F.NOT_FOUND:
            return self._red(misplaced, {})
        if self._error is None:
            self._note(_F.NO_MODEL_KNOWN)
        return _Outcome(_F.NO_MODEL_KNOWN, ok=None)

    def _limited(self, error: RateLimited) -> _Outcome:
        """429 and 402 mean that the key is good; there is nothing more to learn now."""
        self._is_over = True
        finding, facts = findings.of(error, self._endpoint)
        self._error = findings.error(finding, facts, self._endpoint, detail=error.detail)
        self._amber = Verdict.LIMITED
        if Rung.CREDENTIAL in (step.name for step in self._steps):
            self._proven += [Rung.CREDENTIAL] if self._needs_key and Rung.CREDENTIAL not in self._proven else []
            return _Outcome(finding, ok=None, facts=facts)
        return _Outcome(_F.KEY_LIMITED, facts=facts, proves=self._needs_key)

    def _note(self, finding: Finding) -> None:
        """Something amber: worth saying, no reason to stop."""
        self._amber = findings.VERDICTS[finding]
        self._error = findings.error(finding, {}, self._endpoint)

    def _red(self, finding: Finding, facts: dict[str, Any], *, detail: str = "") -> _Outcome:
        self._error = findings.error(finding, facts, self._endpoint, detail=detail)
        return _Outcome(finding, ok=False, facts=facts)


def _is_server_fault(error: Failed) -> bool:
    """5xx but for 501, which only says that there is no such list."""
    return error.status is None or (error.status >= 500 and error.status != 501)
