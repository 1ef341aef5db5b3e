"""The models a provider lists: declared by people, or discovered upstream and ticked."""

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from app import presets, registry
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import InvalidDraft, Reason
from app.domain.probes.probe import ProbeError, ProbeResult, StepName, Verdict
from app.domain.providers.provider import Model, ModelDraft
from app.domain.record import Record
from app.domain.snapshot import KeyUse
from app.probe import runner
from app.relay import rate_limit
from app.services.kernel import lookup
from app.storage import models as rows
from app.storage.database import engine
from app.storage.tables import ProviderRow
from app.storage.work import Work, work

Outcome = Literal["ok", "auth_failed", "unsupported", "unreachable", "failed"]
_OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.AUTH_FAILED: "auth_failed",
    Verdict.NO_CREDENTIAL: "auth_failed",
    Verdict.NO_MODEL_LIST: "unsupported",
    Verdict.UNREACHABLE: "unreachable",
    Verdict.TLS_FAILED: "unreachable",
    Verdict.TIMEOUT: "unreachable",
    Verdict.REFUSED_BY_POLICY: "unreachable",
}


class Discovery(Record):
    """What the provider reports against what is listed here. Nothing is changed by looking."""

    status: Outcome  #: How asking for the model list ended.
    new: list[str]  #: Identifiers that are not listed here yet.
    missing: list[str]  #: Identifiers listed here that the provider no longer has.
    kept: list[str]  #: Identifiers that both have.
    error: ProbeError | None  #: What is wrong; null = nothing is.


async def list_(actor: Actor, name: str) -> list[Model]:
    """The models of a provider, by identifier. Raises `UnknownProvider`."""
    actor.must_view()
    async with engine.session() as session:
        row = await lookup.provider(session, name, suggests=False)
        return [rows.record(m) for m in await rows.of_provider(session, row.id)]


async def discover(actor: Actor, name: str) -> Discovery:
    """Ask the provider which models it has. An empty or failed answer is a status, never a reason to remove anything.

    Counts as a test: raises `TooManyAttempts` when there were many.
    """
    actor.must_admin()
    rate_limit.count(actor.id)
    async with engine.session() as session:
        row = await lookup.provider(session, name, suggests=False)
        listed = {m.identifier for m in await rows.of_provider(session, row.id)}
    await registry.shared.refresh(row.revision)
    endpoint = replace(registry.shared.endpoint(name), use=KeyUse.TEST)
    result: ProbeResult | None = None
    async with aclosing(runner.run(endpoint, model=None, depth="models", preset=presets.find(row.preset))) as steps:
        async for step in steps:
            result = step if isinstance(step, ProbeResult) else result
    reported = set(result.models) if result and StepName.MODELS in result.proven else set()
    status: Outcome = "ok" if reported else _OUTCOMES.get(result.verdict, "failed") if result else "failed"
    return Discovery(
        status="unsupported" if status == "failed" and result and result.ok else status,
        new=sorted(reported - listed),
        missing=sorted(listed - reported) if reported else [],
        kept=sorted(reported & listed),
        error=result.error if result else None,
    )


async def sync(
    actor: Actor,
    name: str,
    *,
    add: Sequence[str | ModelDraft] = (),
    remove: Iterable[str] = (),
    default: str | None = None,
    clear_default: bool = False,
    version: int | None = None,
) -> list[Model]:
    """Add and remove listed models and choose the default one. A default that is removed is cleared.

    Raises `UnknownProvider`, `Stale`, `InvalidDraft` when only listed models are allowed and the default is not one.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, suggests=False, version=version)
        drafts = [ModelDraft(identifier=m) if isinstance(m, str) else m for m in add]
        gone = await rows.remove(doing.session, row.id, remove)
        await doing.session.flush()
        new = await rows.put(doing.session, row.id, drafts, source="discovered")
        await doing.session.flush()
        listed = await rows.of_provider(doing.session, row.id)
        chosen = None if clear_default else default or (row.default_model if row.default_model not in gone else None)
        if chosen and row.only_listed_models and chosen not in {m.identifier for m in listed}:
            raise InvalidDraft(
                {"default": Reason("model_not_listed", "This model is not in the list, and only listed models are allowed.")}
            )
        if new or gone or drafts or chosen != row.default_model:
            _save(doing, row, new=new, gone=gone, default=chosen)
        return [rows.record(m) for m in listed]


def _save(doing: Work, row: ProviderRow, *, new: list[str], gone: list[str], default: str | None) -> None:
    changes: dict[str, object] = {}
    if new or gone:
        changes["models"] = {"added": new, "removed": gone}
    if default != row.default_model:
        changes["default_model"] = {"before": row.default_model, "after": default}
    row.default_model = default
    doing.change(row)
    doing.record(Action.MODELS_CHANGE, target=("provider", row.id, row.name), changes=changes)
    doing.touch(row.id)
