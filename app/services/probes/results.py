"""What a test leaves behind: an entry in the audit, and its result while it speaks of what is stored."""

from dataclasses import dataclass

from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.probes.probe import LastTest, ProbeResult
from app.relay import circuit
from app.services.kernel import lookup
from app.storage import credentials, probes, provider_records, providers
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.tables import ProviderRow
from app.storage.work import Work, work


@dataclass(frozen=True, slots=True)
class Subject:
    """What a result speaks of: a provider ("" and ""), one key or one model of it, in the configuration of this digest."""

    provider_id: str
    name: str
    digest: str
    credential_id: str = ""
    model: str = ""


async def stored(session: engine.AsyncSession, name: str) -> tuple[ProviderRow, list[StoredKey]]:
    """The row of a saved provider and its keys. Raises `UnknownProvider`."""
    row = await lookup.provider(session, name, suggests=False)
    return row, await credentials.of_provider(session, row.id)


def digest_of(row: ProviderRow, keys: list[StoredKey], credential_id: str = "") -> str:
    """The configuration a result is made for; that of one key knows no other key."""
    return provider_records.digest(row, keys, credential_id)


async def store(actor: Actor, result: ProbeResult, subject: Subject) -> None:
    """Audit one test; keep its result when it speaks of what is stored right now."""
    changes = {"verdict": result.verdict.value, "model": result.model, "proven": [r.value for r in result.proven]}
    if subject.credential_id:
        changes["credential"] = subject.credential_id
    async with work(actor) as doing:
        await _put(doing, LastTest(result=result, tested_by=actor.name), subject)
        target = ("provider", subject.provider_id, subject.name)
        doing.record(Action.PROVIDER_TEST, target=target, changes=changes, outcome=Outcome.OK if result.ok else Outcome.FAILED)


async def store_many(actor: Actor, found: list[tuple[ProbeResult, Subject]], *, name: str) -> None:
    """Audit and keep a handful of results of a batch in one transaction. `name`: the provider whose models they are, "" = several."""
    async with work(actor) as doing:
        for result, subject in found:
            if subject.digest:
                await _put(doing, LastTest(result=result, tested_by=actor.name), subject)
        failed = [subject.model or subject.name for result, subject in found if not result.ok]
        changes = {"tested": len(found), "passed": len(found) - len(failed), "not_passed": failed}
        target = ("provider", found[0][1].provider_id if name else "", name)
        doing.record(Action.PROVIDER_TEST_MANY, target=target, changes=changes, outcome=Outcome.FAILED if failed else Outcome.OK)


async def _put(doing: Work, test: LastTest, subject: Subject) -> None:
    current = await providers.get(doing.session, subject.name) if subject.provider_id else None
    if current is None or current.id != subject.provider_id:
        return
    keys = await credentials.of_provider(doing.session, current.id)
    if digest_of(current, keys, subject.credential_id) == subject.digest:
        await probes.save(
            doing.session,
            current.id,
            configuration=provider_records.configured_as(current),
            test=test,
            credential_id=subject.credential_id,
            model=subject.model,
        )
        doing.touch(current.id)  # every open tab shows the new status
        if test.result.ok:
            circuit.forget(current.id)  # it is well again: nobody waits for the end of a break
