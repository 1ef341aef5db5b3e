"""What a test gathers on its way: what was proven, what went wrong, what is shown of it in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.domain.errors import RateLimited, UpstreamError
from app.domain.probes.probe import Depth, ProbeError, ProbeFix, ProbeResult, ProbeStep, StepName, Verdict
from app.domain.providers.address import origin_of
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Wire
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint, KeyUse
from app.probe import diagnoses, findings, requests
from app.probe.diagnoses import credential, limits, models, path
from app.probe.finding import Finding, Met
from app.relay import provider_outcomes
from app.relay.pipeline import Ask, Calling, repeatable
from app.upstream import auth
from app.upstream.connection_check import ConnectionCheck

DEPTHS: tuple[Depth, ...] = ("auth", "models", "chat", "stream")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step found. `proves` False: true without having been shown, for example "no key is needed"."""

    finding: Finding
    ok: bool | None = True
    facts: Mapping[str, object] = field(default_factory=dict)
    proves: bool = True


class ProbeState:
    """The memory of one test. The steps themselves: `probe.steps`."""

    def __init__(self, endpoint: Endpoint, model: str | None, depth: Depth, preset: Preset | None) -> None:
        self._endpoint, self._depth, self._preset = endpoint, DEPTHS.index(depth), preset
        self._model = model
        self._steps: list[ProbeStep] = []
        self._proven: list[StepName] = []
        self._connection = ConnectionCheck(endpoint)
        has_path = bool(ROUTES[endpoint.type].models)
        self._has_list = has_path and (preset is None or preset.model_list != "none")
        self._own_path = endpoint.capabilities.test_path if endpoint.wire is Wire.OPENAI else ""
        check = self._own_path or (preset.key_check if preset else "")
        self._is_open = preset is not None and preset.model_list_public and not check
        self._is_guarded = not self._own_path and _is_of(preset, endpoint) and not self._is_open
        self._ask = Ask(check or (requests.MODELS_PATH if self._has_list else ""))
        self._first: bytes | UpstreamError = b""  # what the HTTP step was answered
        self._models: list[str] = []
        self._said: requests.ChatReply | None = None
        self._limit = "max_tokens"
        self._latency: float | None = None
        self._error: ProbeError | None = None
        self._amber: Verdict | None = None
        self._is_over = False
        self._calling: Calling | None = None  # the newest call

    def result(self) -> ProbeResult:
        """What the test found in all."""
        is_red = any(step.ok is False for step in self._steps)
        verdict = diagnoses.all_()[self._error.code].verdict if is_red and self._error else self._amber or Verdict.OK
        return ProbeResult(
            ok=not is_red,
            verdict=verdict,
            proven=[name for name in StepName if name in self._proven],
            steps=self._steps,
            model=self._model if self._ask.body is not None else None,
            latency_ms=self._latency,
            preview=self._said.preview if self._said else "",
            usage=self._said.usage if self._said else None,
            error=self._error,
            models=self._models,
            fingerprints=self._fingerprints(is_taken=not is_red and verdict is not Verdict.LIMITED),
            curl=repeatable(self._endpoint, self._ask) if self._ask.path else "",
            checked_at=datetime.now(UTC),
        )

    def _dial(self) -> Calling:
        """The next call: what is asked for now."""
        self._calling = Calling(self._endpoint, self._ask)
        return self._calling

    def _fingerprints(self, *, is_taken: bool) -> list[str]:
        """The key that was taken; where none was, or not now, every one that a call may use."""
        if self._endpoint.use is KeyUse.ONE:
            return [key.mark for key in self._endpoint.keys]
        taken = self._calling.keys[-1:] if self._calling and is_taken else ()
        return [key.mark for key in taken] or sorted(provider_outcomes.in_place(self._endpoint))

    def close(self) -> None:
        """Give up the trial connection, when the consumer stopped in the middle."""
        self._connection.close()

    @property
    def _needs_key(self) -> bool:
        return auth.needs_key(self._endpoint.auth_type)

    def _keep(self, step: ProbeStep, *, proves: bool) -> None:
        self._steps = [*(known for known in self._steps if known.name is not step.name), step]
        if step.ok and proves:
            self._proven.append(step.name)

    def _answered(self, said: requests.ChatReply) -> None:
        """A chat proves the way and the key as well, and what was missing before was not needed."""
        self._latency, self._error = said.latency_ms, None
        self._proven += [StepName.HTTP] if StepName.HTTP not in self._proven else []
        if self._needs_key and StepName.CREDENTIAL not in self._proven:
            self._proven.append(StepName.CREDENTIAL)

    def _confirmed(self) -> ProbeStep | None:
        """The key's step once more, when a chat showed what the step itself could not."""
        open_ = next((step for step in self._steps if step.message == credential.KEY_NOT_TRIED.code), None)
        if open_ is None or StepName.CREDENTIAL not in self._proven:
            return None
        step = open_.model_copy(update={"ok": True, "message": credential.KEY_ACCEPTED.code})
        self._steps = [step if known is open_ else known for known in self._steps]
        return step

    def _no_model(self) -> Outcome:
        """No list and nobody named a model: amber, unless the path looks wrong, which then is the likelier reason."""
        self._is_over = True
        if isinstance(self._first, UpstreamError) and self._first.status == 404:
            finding, facts = findings.of(Met(self._first, self._endpoint, StepName.CHAT))
            if finding is not path.NOT_FOUND:
                return self._red(finding, {name: value for name, value in facts.items() if name in finding.facts})
        if self._error is None:
            self._note(models.NO_MODEL_KNOWN)
        return Outcome(models.NO_MODEL_KNOWN, ok=None)

    def _limited(self, error: RateLimited, name: StepName, *, is_proof: bool = True) -> Outcome:
        """429 and 402 mean that the key is good; there is nothing more to learn now. Not `is_proof`: limited before the key was looked at,
        as far as anybody can tell."""
        self._is_over = True
        finding, facts = findings.of(Met(error, self._endpoint, name))
        finding = finding if is_proof else limits.LIMITED_UNPROVEN
        self._error = findings.error(finding, facts, self._endpoint, detail=error.detail)
        self._amber = Verdict.LIMITED
        if not is_proof:
            return Outcome(limits.LIMITED_UNPROVEN, ok=None)
        if name is StepName.CREDENTIAL:
            return Outcome(limits.KEY_LIMITED, facts=facts, proves=self._needs_key)
        self._proven += [StepName.CREDENTIAL] if self._needs_key and StepName.CREDENTIAL not in self._proven else []
        return Outcome(finding, ok=None, facts=facts)

    def _note(self, finding: Finding, **facts: object) -> None:
        """Something amber: worth saying, no reason to stop."""
        self._amber = finding.verdict
        self._error = findings.error(finding, facts, self._endpoint)

    def _red(self, finding: Finding, facts: Mapping[str, object], *, detail: str = "", fix: ProbeFix | None = None) -> Outcome:
        known = findings.error(finding, facts, self._endpoint, detail=detail)
        self._error = known.model_copy(update={"fix": fix}) if fix else known
        return Outcome(finding, ok=False, facts=facts)


def _is_of(preset: Preset | None, endpoint: Endpoint) -> bool:
    """Whether this is the vendor's own address, of which the preset says what is answered without a key."""
    return preset is not None and not preset.local and "{" not in preset.base_url and origin_of(preset.base_url) == endpoint.origin
