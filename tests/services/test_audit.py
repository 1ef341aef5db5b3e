"""Reading the audit: pages, a copy to take away, and who may."""

import csv
import io
import json

import pytest

from app.domain.actor import ANONYMOUS, Actor, ActorType, Role
from app.domain.audit import Action
from app.domain.errors import Forbidden
from app.services import audit
from app.services.audit import Format
from app.storage.work import work
from tests.fixtures.databases import Database

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)


async def fill(actor: Actor, *names: str) -> None:
    async with work(actor) as doing:
        for name in names:
            doing.record(
                Action.PROVIDER_CREATE, target=("provider", f"id-{name}", name), changes={"label": {"before": None, "after": name}}
            )


async def exported(actor: Actor, fmt: Format) -> str:
    return "".join([line async for line in await audit.export(actor, fmt)])


async def test_pages_lead_from_the_newest_entry_to_the_first(db: Database, actor: Actor) -> None:
    await fill(actor, *"abcde")
    seen, cursor = [], None
    while True:
        page = await audit.page(VIEWER, before_seq=int(cursor) if cursor else None, limit=2)
        seen += [item.seq for item in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert seen == [5, 4, 3, 2, 1]
    assert page.total == 5


async def test_one_objects_history_reads_after_the_object_is_gone(db: Database, actor: Actor) -> None:
    await fill(actor, "groq", "mistral", "groq")
    page = await audit.page(VIEWER, target_id="id-groq")

    assert [(item.seq, item.target.name, item.actor.name, item.request_id) for item in page.items] == [
        (3, "groq", "Ada", "req-test"),
        (1, "groq", "Ada", "req-test"),
    ]


async def test_a_page_is_never_longer_than_a_hundred(db: Database, actor: Actor) -> None:
    await fill(actor, *(f"p{n}" for n in range(105)))

    assert len((await audit.page(VIEWER, limit=100_000)).items) == 100
    assert len((await audit.page(VIEWER, limit=-5)).items) == 1


async def test_the_copy_as_lines_of_json_carries_the_chain(db: Database, actor: Actor) -> None:
    await fill(actor, "groq")
    rows = [json.loads(line) for line in (await exported(actor, "jsonl")).splitlines()]

    assert [row["action"] for row in rows] == ["provider:config:create", "audit:log:export"]
    assert rows[1]["prev_hash"] == rows[0]["hash"]
    assert rows[0]["changes"] == {"label": {"before": None, "after": "groq"}}


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r=1"])
async def test_a_spreadsheet_finds_no_formula_in_the_copy(db: Database, actor: Actor, evil: str) -> None:
    await fill(actor, evil)
    heading, row, _ = csv.reader(io.StringIO(await exported(actor, "csv")))

    assert row[heading.index("target_name")] == f"'{evil}"


async def test_the_copy_is_an_entry_itself_and_for_admins_only(db: Database, actor: Actor) -> None:
    with pytest.raises(Forbidden):
        await audit.export(VIEWER, "jsonl")
    assert (await audit.page(VIEWER)).total == 0

    await exported(actor, "csv")

    assert [item.action for item in (await audit.page(VIEWER)).items] == ["audit:log:export"]


async def test_a_stranger_reads_nothing(db: Database) -> None:
    for reading in (audit.page, audit.verify):
        with pytest.raises(Forbidden):
            await reading(ANONYMOUS)
