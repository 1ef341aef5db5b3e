"""What a selector leads to, step by step, without sending anything (G12)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from app import registry
from app.domain.actor import Actor, Scope
from app.domain.errors import PatchbayError, UnknownClientKey
from app.domain.providers import outlook
from app.domain.providers.explanation import Chosen, Explanation, KeyStep, Skip, SkipCode, TargetStep, Unanswered, shares, skip
from app.domain.providers.outlook import Outlook
from app.domain.providers.provider import Provider
from app.domain.snapshot import AliasTargetEntry, ClientKeyEntry, Endpoint, Snapshot, Target
from app.registry import selector as selectors
from app.registry.selector import Obstacle
from app.relay import availability, overlay
from app.relay.availability import Obstruction
from app.storage import aliases, provider_records, providers
from app.storage.database import engine

Kind = Literal["alias", "provider", "model", "default", "unknown"]
_CODES = {
    Obstacle.DELETED: SkipCode.PROVIDER_DELETED,
    Obstacle.OUT_OF_SCOPE: SkipCode.PROVIDER_OUT_OF_SCOPE,
    Obstacle.DISABLED: SkipCode.PROVIDER_DISABLED,
    Obstacle.NOT_LISTED: SkipCode.MODEL_NOT_LISTED,
}


async def explain(actor: Actor, selector: str, *, client_key_id: str | None = None) -> Explanation:
    """Selector → targets in their order → the key that would be used, and what is passed over and why; `client_key_id` as whom.

    Raises `UnknownClientKey`. A selector that nobody knows is an explanation, not an error.
    """
    actor.must_view()
    snapshot = registry.shared.snapshot
    allowed = _client_key(snapshot, client_key_id)
    alias = snapshot.aliases.get(selector)
    notes: list[Skip] = []
    if alias is not None and not selectors.may_name(allowed, alias):
        alias = None
        notes.append(skip(SkipCode.ALIAS_OUT_OF_SCOPE))
    elif alias is None and await _is_off(selector):
        notes.append(skip(SkipCode.ALIAS_DISABLED))
    error: Unanswered | None = None
    try:
        found = registry.shared.resolve(selector, snapshot, allowed=allowed).targets
    except PatchbayError as failure:
        found = ()
        error = Unanswered(code=failure.code, message=failure.message, suggestions=list(failure.suggestions))
    steps = await _of_alias(alias.targets, snapshot, allowed) if alias is not None else [_step(target, allowed) for target in found]
    steps = _in_order(await _with_outlook(steps, snapshot))
    refused = _refusal(allowed)
    first = None if refused else _first(steps)
    chosen = _chosen(first) if first else None
    if chosen is None and error is None:
        error = _refused_error(refused)
    return Explanation(
        selector=selector, revision=snapshot.revision, kind=_kind(selector, snapshot, is_alias=alias is not None, is_known=bool(found)),
        alias=alias.name if alias else "", client_key=allowed.name if allowed else "", refused=refused, notes=notes, targets=steps,
        chosen=chosen, outlook=first.outlook if first else None, fallback=_fallback(steps, first), error=error,
    )  # fmt: skip


def _client_key(snapshot: Snapshot, key_id: str | None) -> ClientKeyEntry | None:
    if not key_id:
        return None
    entry = next((entry for entry in snapshot.client_keys.values() if entry.id == key_id), None)
    if entry is None:
        raise UnknownClientKey("There is no such app key. It may have been revoked.")
    return entry


async def _is_off(name: str) -> bool:
    """Whether there is an alias of this name that is switched off."""
    if not name:
        return False
    async with engine.session() as session:
        row = await aliases.by_name(session, name)
        return row is not None and not row.enabled


def _kind(selector: str, snapshot: Snapshot, *, is_alias: bool, is_known: bool) -> Kind:
    if is_alias:
        return "alias"
    if selector in ("", "default"):
        return "default"
    if "/" in selector and selector.partition("/")[0] in snapshot.endpoints:
        return "provider"
    return "model" if is_known or selector in snapshot.by_model else "unknown"


def _refusal(allowed: ClientKeyEntry | None) -> Skip | None:
    """Why a client key is turned away at the door."""
    if allowed is None:
        return None
    if allowed.scope is not Scope.GATEWAY:
        return skip(SkipCode.CLIENT_KEY_SCOPE)
    if allowed.expires_at is not None and allowed.expires_at <= datetime.now(UTC):
        return skip(SkipCode.CLIENT_KEY_EXPIRED, allowed.expires_at)
    return _told(availability.of_client_key(allowed))


def _refused_error(refused: Skip | None) -> Unanswered:
    if refused is not None:
        return Unanswered(code=refused.code, message=refused.message)
    return Unanswered(code="no_target", message="No target can answer right now.")


async def _of_alias(targets: Sequence[AliasTargetEntry], snapshot: Snapshot, allowed: ClientKeyEntry | None) -> list[TargetStep]:
    """Every target, those that are passed over for good included."""
    gone = [target.provider_id for target in targets if target.provider_id not in snapshot.names]
    names: Mapping[str, tuple[str, str]] = {}
    if gone:
        async with engine.session() as session:
            names = await providers.names_of(session, gone)
    steps = []
    for target in targets:
        obstacle = selectors.obstacle(target, snapshot, allowed)
        endpoint = snapshot.endpoints.get(snapshot.names.get(target.provider_id, ""))
        if obstacle is None and endpoint is not None:
            steps.append(_step(Target(endpoint, target.model, target.priority, target.weight), allowed))
            continue
        name, label = (endpoint.name, endpoint.label) if endpoint else names.get(target.provider_id, ("", ""))
        reason = skip(_CODES[obstacle or Obstacle.DELETED])
        steps.append(_told_step(name, label, target.model, target.priority, target.weight, reason, endpoint))
    return steps


def _step(target: Target, allowed: ClientKeyEntry | None) -> TargetStep:
    """A target that the selector offers, as its provider stands now."""
    endpoint = target.endpoint
    reason = _told(availability.of_provider(endpoint, allowed.id if allowed else ""))
    if reason is None and availability.needs_key(endpoint) and not any(s.obstruction is None for s in availability.of_keys(endpoint)):
        reason = skip(SkipCode.NO_KEY, _soonest(endpoint))
    return _told_step(endpoint.name, endpoint.label, target.model, target.priority, target.weight, reason, endpoint)


def _told_step(name: str, label: str, model: str, priority: int, weight: int, reason: Skip | None, endpoint: Endpoint | None) -> TargetStep:
    needs_key = endpoint is not None and availability.needs_key(endpoint)
    return TargetStep(
        provider=name, provider_label=label, model=model, priority=priority, weight=weight, share=0.0, skipped=reason, needs_key=needs_key,
        keys=_keys(endpoint) if endpoint is not None and needs_key else [],
    )  # fmt: skip


def _keys(endpoint: Endpoint) -> list[KeyStep]:
    return [
        KeyStep(
            id=s.key.id, label=s.key.label, state=s.key.state, priority=s.key.priority, weight=s.key.weight, share=s.share,
            skipped=_told(s.obstruction),
        )
        for s in availability.of_keys(endpoint)
    ]  # fmt: skip


def _in_order(steps: list[TargetStep]) -> list[TargetStep]:
    """By priority, and inside one the likeliest first; with the share of the calls that each gets first."""
    parts = shares([(step.priority, step.weight, step.skipped is None) for step in steps])
    shared = [step.model_copy(update={"share": part}) for step, part in zip(steps, parts, strict=True)]
    return sorted(shared, key=lambda step: (step.priority, step.skipped is not None, -step.weight))


async def _with_outlook(steps: list[TargetStep], snapshot: Snapshot) -> list[TargetStep]:
    """What is known of each target's provider beside it; a fixed number of queries."""
    asked = {step.provider for step in steps if step.skipped is None}
    async with engine.session() as session:
        rows = await providers.of_ids(session, [snapshot.endpoints[name].id for name in asked])
        known = {provider.name: overlay.laid_over(provider) for provider in await provider_records.load(session, rows)}
    return [_foreseen(step, known[step.provider], snapshot) if step.provider in known else step for step in steps]


def _foreseen(step: TargetStep, provider: Provider, snapshot: Snapshot) -> TargetStep:
    if step.skipped is not None:
        return step
    expected, concerns = outlook.of_call(provider, step.model, snapshot.endpoints[step.provider].models)
    known = {"status": provider.status, "health": provider.health.health, "outlook": expected, "concerns": concerns}
    return step.model_copy(update=known)


def _first(steps: Sequence[TargetStep]) -> TargetStep | None:
    """Where most calls begin."""
    step = max(steps, key=lambda step: step.share, default=None)
    return step if step is not None and step.skipped is None else None


def _fallback(steps: Sequence[TargetStep], first: TargetStep | None) -> Chosen | None:
    """The next one that may answer, where the first probably does not: what refuses a call hands it on."""
    if first is None or first.outlook is not Outlook.UNLIKELY:
        return None
    left = (step for step in steps if step is not first and step.skipped is None and step.outlook is not Outlook.UNLIKELY)
    return _chosen(step) if (step := next(left, None)) is not None else None


def _chosen(step: TargetStep) -> Chosen:
    key = max(step.keys, key=lambda key: key.share, default=None)
    return Chosen(provider=step.provider, model=step.model, key_id=key.id if key else "", key_label=key.label if key else "")


def _soonest(endpoint: Endpoint) -> datetime | None:
    """When the first key can be used again, None where that takes a person."""
    waits = [s.obstruction for s in availability.of_keys(endpoint) if s.obstruction and s.obstruction.code is not SkipCode.KEY_EXPIRED]
    return min((wait.until for wait in waits if wait.until is not None), default=None)


def _told(obstruction: Obstruction | None) -> Skip | None:
    return skip(obstruction.code, obstruction.until) if obstruction else None
