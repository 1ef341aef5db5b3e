"""Refusals leave an entry, but not without end."""

import pytest

from app.domain.actor import Actor, ActorType, Role
from app.services import audit, denials
from app.storage.database import engine
from tests.fixtures.databases import Database

VERA = Actor(ActorType.USER, "01900000-0000-7000-8000-0000000000ee", "Vera", Role.VIEWER, ip="192.0.2.9", request_id="req-1")


@pytest.fixture(autouse=True)
def _nobody_tried() -> None:
    denials._recent.clear()


async def test_a_refusal_is_audited_with_who_tried_what(db: Database, actor: Actor) -> None:
    await denials.record(VERA, "POST /api/v1/providers")

    entry = (await audit.page(actor)).items[0]
    assert (entry.actor.name, entry.action, entry.outcome) == ("Vera", "access:request:deny", "denied")
    assert (entry.target.name, entry.request_id) == ("POST /api/v1/providers", "req-1")
    assert (await audit.verify(actor)).ok


async def test_whoever_tries_without_end_does_not_fill_the_audit(db: Database, actor: Actor) -> None:
    for _ in range(denials.PER_MINUTE * 3):
        await denials.record(VERA, "x")
    await denials.record(actor, "x")

    assert (await audit.page(actor)).total == denials.PER_MINUTE + 1


async def test_without_a_database_the_refusal_stands(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    await engine.close()

    await denials.record(VERA, "x")

    assert "could not be audited" in caplog.text
