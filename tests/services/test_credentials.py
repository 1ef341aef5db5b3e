"""Several keys of one provider: stored, told apart, ordered, replaced and removed, each with its entry in the audit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import registry
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import Credential, CredentialDraft, CredentialPatch, KeyState
from app.domain.errors import DuplicateKey, Forbidden, InvalidDraft, ReentryRequired, UnknownCredential, UnknownProvider
from app.domain.providers.provider import Provider, ProviderDraft, ProviderPatch, Status
from app.domain.secret import Secret
from app.services import credentials, providers, rotation
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import CredentialRow, CredentialSecret
from tests.fixtures.databases import Database

URL = "https://93.184.216.34/v1"  # a literal address: nothing is looked up, nobody is called
FIRST, SECOND, THIRD = "sk-planted-first-5d1e9c77a0b3", "sk-planted-second-8e2f9c77a0b3", "sk-planted-third-1c2d3e4f5a6b"
VIEWER = Actor(ActorType.USER, "u-viewer", "Vera", Role.VIEWER)

pytestmark = pytest.mark.usefixtures("db")


def key(secret: str, **fields: Any) -> CredentialDraft:
    return CredentialDraft.model_validate({"secret": {"api_key": secret}, **fields})


def patch(**fields: Any) -> CredentialPatch:
    return CredentialPatch.model_validate(fields)


async def make(actor: Actor, name: str = "mine", secret: str = FIRST, **fields: Any) -> Provider:
    body = {"name": name, "base_url": URL, "credential": {"secret": {"api_key": secret}}, **fields}
    return await providers.create(actor, ProviderDraft.model_validate(body))


@pytest.fixture
async def saved(actor: Actor, db: Database) -> Provider:
    return await make(actor)


async def rows(table: Any) -> list[Any]:
    async with engine.session() as session:
        return list((await session.exec(select(table))).all())


async def entries(action: str) -> list[AuditRow]:
    return [row for row in await rows(AuditRow) if row.action == action]


async def labels(actor: Actor) -> list[str]:
    return [c.label for c in await credentials.list_(actor, "mine")]


async def test_a_second_key_stands_beside_the_first_and_neither_is_shown(actor: Actor, saved: Provider, db: Database) -> None:
    added = await credentials.add(actor, "mine", key(SECOND, weight=7, priority=2, state="standby"))

    first, second = await credentials.list_(actor, "mine")
    assert (first.hint, second.hint, second.label) == (FIRST[-4:], SECOND[-4:], "Key 2")
    assert (second.weight, second.priority, second.state, second.origin) == (7, 2, KeyState.STANDBY, saved.origin)
    assert added == second
    assert SECOND not in db.dump() + added.model_dump_json()


async def test_a_new_key_is_audited_by_its_fingerprint_and_every_worker_hears_of_it(actor: Actor, saved: Provider) -> None:
    await registry.shared.start(watch=False)
    try:
        added = await credentials.add(actor, "mine", key(SECOND))
        served = registry.shared.endpoint("mine").keys
    finally:
        await registry.shared.stop()

    [entry] = await entries("credential:key:add")
    assert entry.changes["api_key"] == {"op": "set", "fp_before": "", "fp_after": added.fingerprint, "destination": saved.origin}
    assert (entry.target_id, entry.changes["credential_id"], entry.changes["key"]) == (saved.id, added.id, "Key 2")
    assert [k.state for k in served if k.id == added.id] == [KeyState.ACTIVE]


async def test_the_same_key_twice_is_refused_with_the_name_it_has(actor: Actor, saved: Provider) -> None:
    with pytest.raises(DuplicateKey, match="as “Key 1”") as refused:
        await credentials.add(actor, "mine", key(f'  "{FIRST}" '))

    assert (refused.value.code, refused.value.field) == ("duplicate_key", "secret.api_key")
    assert len(await rows(CredentialRow)) == 1


async def test_the_same_key_at_another_provider_is_named(actor: Actor, saved: Provider) -> None:
    await make(actor, "other", SECOND)

    added = await credentials.add(actor, "mine", key(SECOND))

    assert added.also_at == ["other"]
    assert [c.also_at for c in await credentials.list_(actor, "other")] == [["mine"]]


async def test_one_key_a_line_and_each_line_answers_for_itself(actor: Actor, saved: Provider) -> None:
    pasted = f"{SECOND}\n\n  Bearer {THIRD} \n{FIRST}\nsk-••••••3f2a\n{SECOND}\nsk-with\u200bnothing\n"

    lines = await credentials.add_many(actor, "mine", Secret(pasted))

    assert [(line.line, line.code) for line in lines] == [
        (1, ""), (3, ""), (4, "duplicate_key"), (5, "masked_secret"), (6, "duplicate_key"), (7, "secret_characters"),
    ]  # fmt: skip
    assert [line.credential.hint for line in lines if line.credential] == [SECOND[-4:], THIRD[-4:]]
    assert await labels(actor) == ["Key 1", "Key 2", "Key 3"]
    assert SECOND not in str(lines)


async def test_many_lines_of_which_none_is_stored_change_nothing(actor: Actor, saved: Provider) -> None:
    before = await rows(AuditRow)

    [line] = await credentials.add_many(actor, "mine", Secret(FIRST))

    assert (line.credential, line.code) == (None, "duplicate_key")
    assert len(await rows(AuditRow)) == len(before)


async def test_where_no_key_is_needed_none_can_be_added(actor: Actor) -> None:
    await providers.create(actor, ProviderDraft(name="mine", base_url=URL, auth_type="none"))

    with pytest.raises(InvalidDraft):
        await credentials.add_many(actor, "mine", Secret(FIRST))
    with pytest.raises(InvalidDraft):
        await credentials.add(actor, "mine", key(FIRST))
    with pytest.raises(InvalidDraft):
        await credentials.add(actor, "mine", CredentialDraft())


async def test_what_is_changed_is_said_and_what_is_not_named_stays(actor: Actor, saved: Provider) -> None:
    until = datetime.now(UTC) + timedelta(days=9)
    [before] = saved.credentials

    after = await credentials.update(actor, before.id, patch(label="Team A", weight=100, priority=10, expires_at=until))

    assert (after.label, after.weight, after.priority, after.expires_at) == ("Team A", 100, 10, until)
    assert (after.fingerprint, after.state) == (before.fingerprint, before.state)
    [entry] = await entries("credential:key:change")
    assert entry.changes["weight"] == {"before": 1, "after": 100}
    assert "priority" in entry.changes
    cleared = await credentials.update(actor, before.id, patch(expires_at=None, label=None))
    assert (cleared.expires_at, cleared.label) == (None, "Team A")


async def test_a_patch_that_changes_nothing_leaves_no_trace(actor: Actor, saved: Provider) -> None:
    await credentials.update(actor, saved.credentials[0].id, patch(weight=1, state="active", secret={"api_key": ""}))

    assert await entries("credential:key:change") == []


@pytest.mark.parametrize("wrong", [{"weight": 0}, {"weight": 101}, {"priority": 11}, {"state": "cooling"}, {"state": "expired"}, {"x": 1}])
def test_what_no_key_can_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        patch(**wrong)


async def test_an_end_in_the_past_is_refused_and_one_that_has_come_shows(actor: Actor, saved: Provider, db: Database) -> None:
    key_id = saved.credentials[0].id
    with pytest.raises(InvalidDraft, match="future"):
        await credentials.update(actor, key_id, patch(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    with pytest.raises(InvalidDraft, match="future"):
        await credentials.add(actor, "mine", key(SECOND, expires_at="2040-01-01T00:00:00"))

    db.run("UPDATE credential SET expires_at = '2026-01-01 00:00:00'")

    assert [c.state for c in await credentials.list_(actor, "mine")] == [KeyState.EXPIRED]


async def test_a_replaced_secret_is_sealed_anew_and_told_by_fingerprints(actor: Actor, saved: Provider, db: Database) -> None:
    [before] = saved.credentials

    after = await credentials.update(actor, before.id, patch(secret={"api_key": SECOND}))

    [entry] = await entries("credential:key:change")
    assert entry.changes["api_key"]["fp_before"] == before.fingerprint
    assert entry.changes["api_key"]["fp_after"] == after.fingerprint
    assert (after.id, after.hint) == (before.id, SECOND[-4:])
    assert SECOND not in db.dump()


async def test_keys_are_tried_in_the_order_they_were_put_in(actor: Actor, saved: Provider) -> None:
    lines = "\n".join(f"{SECOND}-{number:02}" for number in range(12))
    await credentials.add_many(actor, "mine", Secret(lines))
    ids = [c.id for c in await credentials.list_(actor, "mine")][::-1]

    ordered = await credentials.reorder(actor, "mine", ids)

    assert [c.id for c in ordered] == ids == [c.id for c in await credentials.list_(actor, "mine")]
    assert [c.priority for c in ordered] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10]
    with pytest.raises(InvalidDraft, match="every key"):
        await credentials.reorder(actor, "mine", ids[1:])
    assert len(await entries("credential:key:change")) == 1


async def test_the_last_key_can_be_removed_and_nothing_of_it_is_left(actor: Actor, saved: Provider) -> None:
    await credentials.remove(actor, saved.credentials[0].id)

    assert (await rows(CredentialRow), await rows(CredentialSecret)) == ([], [])
    [entry] = await entries("credential:key:remove")
    assert entry.changes["api_key"]["fp_before"] == saved.credentials[0].fingerprint
    with pytest.raises(UnknownCredential):
        await credentials.remove(actor, saved.credentials[0].id)


async def two(actor: Actor) -> tuple[Credential, Credential]:
    await credentials.add(actor, "mine", key(SECOND))
    first, second = await credentials.list_(actor, "mine")
    return first, second


async def test_a_new_host_asks_for_every_key_again_and_detached_ones_are_unreadable_until_then(actor: Actor, saved: Provider) -> None:
    first, second = await two(actor)
    elsewhere = ProviderPatch(base_url="https://93.184.216.35/v1")

    with pytest.raises(ReentryRequired) as refused:
        await providers.update(actor, "mine", elsewhere)
    assert refused.value.details["credential_ids"] == [first.id, second.id]

    moved = await providers.update(actor, "mine", elsewhere.model_copy(update={"detach": True}))
    assert (moved.status, {c.state for c in moved.credentials}) == (Status.UNREADABLE, {KeyState.UNREADABLE})
    with pytest.raises(InvalidDraft, match="Enter it again"):
        await credentials.update(actor, first.id, patch(state="active"))
    again = await credentials.update(actor, first.id, patch(secret={"api_key": THIRD}))
    assert (again.state, again.origin) == (KeyState.ACTIVE, moved.origin)
    assert (await providers.get(actor, "mine")).status is Status.NOT_TESTED  # one key that works is enough


async def test_a_form_cannot_say_which_of_several_keys_it_means(actor: Actor, saved: Provider) -> None:
    await two(actor)

    with pytest.raises(InvalidDraft, match="several keys"):
        await providers.update(actor, "mine", ProviderPatch.model_validate({"credential": {"secret": {"api_key": THIRD}}}))


@pytest.mark.parametrize("change", ["origin = 'https://evil.example:443'", 'reference = \'{"api_key":"env:HOME"}\'', "id = 'x'"])
async def test_a_row_changed_by_hand_is_not_used(actor: Actor, saved: Provider, db: Database, change: str) -> None:
    if change.startswith("id"):
        await two(actor)
        one, other = await rows(CredentialSecret)
        db.run(f"UPDATE credential_secret SET value = '{one.value.text}' WHERE credential_id = '{other.credential_id}'")  # noqa: S608
    else:
        db.run(f"UPDATE credential SET {change}")  # noqa: S608

    await registry.shared.start(watch=False)
    states = [k.state for k in registry.shared.endpoint("mine").keys]
    await registry.shared.stop()

    assert KeyState.UNREADABLE in states


async def test_a_viewer_sees_keys_and_changes_none(actor: Actor, saved: Provider) -> None:
    key_id = saved.credentials[0].id

    assert [c.id for c in await credentials.list_(VIEWER, "mine")] == [key_id]
    for attempt in (
        credentials.add(VIEWER, "mine", key(SECOND)),
        credentials.add_many(VIEWER, "mine", Secret(SECOND)),
        credentials.update(VIEWER, key_id, patch(weight=2)),
        credentials.reorder(VIEWER, "mine", [key_id]),
        credentials.remove(VIEWER, key_id),
    ):
        with pytest.raises(Forbidden):
            await attempt
    with pytest.raises(UnknownProvider):
        await credentials.list_(VIEWER, "nobody")


def place(**where: str) -> CredentialDraft:
    return CredentialDraft.model_validate({"reference": {"api_key": where}})


async def test_a_key_can_live_elsewhere_and_says_where(
    actor: Actor, saved: Provider, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHBAY_SECRET_ACME", SECOND)

    there = await credentials.add(actor, "mine", place(env="PATCHBAY_SECRET_ACME"))
    gone = await credentials.add(actor, "mine", place(file="/run/secrets/patchbay-test-nowhere"))

    assert (there.reference["api_key"].env, there.resolves, there.hint, there.is_set) == ("PATCHBAY_SECRET_ACME", True, "", True)
    assert (gone.resolves, saved.credentials[0].resolves) == (False, None)
    assert SECOND not in db.dump()
    [entry, _] = await entries("credential:key:add")
    assert entry.changes["api_key"]["place"] == "env:PATCHBAY_SECRET_ACME"


@pytest.mark.parametrize("where", [{"env": "HOME"}, {"env": "PATCHBAY_MASTER_KEY"}, {"file": "/etc/passwd"}, {"file": "/run/secrets/../x"}])
async def test_a_place_that_the_operator_did_not_allow_is_refused(actor: Actor, saved: Provider, where: dict[str, str]) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await credentials.add(actor, "mine", place(**where))
    with pytest.raises(InvalidDraft):
        await make(actor, "other", credential={"reference": {"api_key": where}})

    assert refused.value.field == "reference.api_key"
    assert len(await rows(CredentialRow)) == 1


async def test_a_stored_key_gives_way_to_a_place_and_back(actor: Actor, saved: Provider) -> None:
    key_id = saved.credentials[0].id

    away = await credentials.update(actor, key_id, patch(reference={"api_key": {"env": "PATCHBAY_SECRET_ACME"}}))
    back = await credentials.update(actor, key_id, patch(secret={"api_key": SECOND}))
    with pytest.raises(InvalidDraft, match="either"):
        await credentials.update(actor, key_id, patch(secret={"api_key": THIRD}, reference={"api_key": {"env": "PATCHBAY_SECRET_ACME"}}))

    assert (away.hint, bool(away.reference), back.hint, back.reference) == ("", True, SECOND[-4:], {})


@pytest.mark.parametrize(
    "change",
    [
        'reference = \'{"api_key":"env:PATCHBAY_SECRET_OTHER"}\'',
        "reference = NULL",
        "reference = 'nonsense'",
        "reference = '[]'",
        "origin = 'https://evil.example:443'",
    ],
)
async def test_a_place_changed_by_hand_is_not_used(actor: Actor, db: Database, change: str) -> None:
    await make(actor, credential={"reference": {"api_key": {"env": "PATCHBAY_SECRET_ACME"}}})
    await registry.shared.start(watch=False)
    before = [k.state for k in registry.shared.endpoint("mine").keys]
    db.run(f"UPDATE credential SET {change}")  # noqa: S608

    await registry.shared.rebuild()
    after = [k.state for k in registry.shared.endpoint("mine").keys]
    await registry.shared.stop()

    assert (before, after) == ([KeyState.ACTIVE], [KeyState.UNREADABLE])


async def test_a_key_that_was_detached_is_not_switched_on_by_way_of_off(actor: Actor, saved: Provider) -> None:
    await providers.update(actor, "mine", ProviderPatch.model_validate({"base_url": "https://93.184.216.35/v1", "detach": True}))
    [key_] = saved.credentials
    assert (await credentials.update(actor, key_.id, patch(state="disabled"))).state is KeyState.DISABLED

    for state in ("active", "standby"):
        with pytest.raises(InvalidDraft) as refused:
            await credentials.update(actor, key_.id, patch(state=state))
        assert refused.value.reasons.keys() == {"state"}

    entered = await credentials.update(actor, key_.id, patch(secret={"api_key": SECOND}, state="active"))
    assert (entered.state, entered.origin) == (KeyState.ACTIVE, "https://93.184.216.35:443")


async def test_two_keys_of_a_provider_never_have_one_name(actor: Actor, saved: Provider) -> None:
    with pytest.raises(InvalidDraft) as again:
        await credentials.add(actor, "mine", key(SECOND, label="key 1"))
    added = await credentials.add(actor, "mine", key(SECOND, label="Spare"))
    with pytest.raises(InvalidDraft) as renamed:
        await credentials.update(actor, added.id, CredentialPatch(label="KEY 1"))
    with pytest.raises(InvalidDraft) as replaced:
        await rotation.start(actor, "mine", key(THIRD, label="Key 1"), replaces=added.id)

    assert set(again.value.reasons) == set(renamed.value.reasons) == set(replaced.value.reasons) == {"label"}
    assert (await credentials.update(actor, added.id, CredentialPatch(label="spare"))).label == "spare"
