"""Testing providers: through the path of traffic, with the stored key only where it belongs, remembered for what it proved."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import registry, settings
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import CredentialDraft, CredentialPatch
from app.domain.errors import Forbidden, InvalidDraft, TimedOut, TooManyAttempts, UnknownCredential, UnknownProvider
from app.domain.ids import uuid7
from app.domain.probes.probe import ProbeResult, ProbeStep, Verdict
from app.domain.providers.provider import Provider, ProviderDraft, ProviderPatch, Status
from app.domain.snapshot import Endpoint
from app.probe import runner
from app.relay import circuit, rate_limit
from app.services import credentials, models, probes, providers
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import EgressApproval, ProbeRow
from tests.fixtures.upstream import MODELS, Upstream, answer

KEY = "sk-planted-d41f77b0e29c8a36"


@pytest.fixture
async def house(db: Any, upstream: Upstream, outgoing: None) -> AsyncIterator[None]:
    """The registry over this test's database, and a provider on loopback."""
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()


pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def me() -> Actor:
    """An admin who has not tested anything yet."""
    return Actor(ActorType.USER, uuid7(), "Ada", Role.ADMIN)


def draft(upstream: Upstream, **fields: Any) -> ProviderDraft:
    whole = {
        "name": "mine",
        "base_url": upstream.base_url,
        "credential": {"secret": {"api_key": KEY}},
        "default_model": MODELS[0],
        **fields,
    }
    return ProviderDraft.model_validate({k: v for k, v in whole.items() if v is not ...})


async def climbed(steps: AsyncIterator[ProbeStep | ProbeResult]) -> ProbeResult:
    found = [step async for step in steps]
    assert isinstance(found[-1], ProbeResult)
    assert found[:-1] == found[-1].steps
    return found[-1]


def keys_sent(upstream: Upstream) -> set[str]:
    return {heard.headers.get("authorization", "") for heard in upstream.heard}


async def rows(table: Any) -> list[Any]:
    async with engine.session() as session:
        return list((await session.exec(select(table))).all())


async def test_a_draft_is_tested_with_what_was_typed(me: Actor, upstream: Upstream) -> None:
    result = await climbed(probes.run_draft(me, draft(upstream)))

    assert (result.ok, result.verdict, result.model) == (True, Verdict.OK, MODELS[0])
    assert keys_sent(upstream) == {f"Bearer {KEY}", ""}  # once without: whether the list proves anything
    assert KEY not in result.model_dump_json()
    assert await rows(ProbeRow) == []


async def test_a_draft_that_is_saved_unchanged_keeps_its_verdict(me: Actor, upstream: Upstream) -> None:
    await climbed(probes.run_draft(me, draft(upstream)))

    saved = await providers.create(me, draft(upstream, label="Mine"))

    assert saved.status is Status.WORKING
    assert saved.last_test is not None
    assert saved.last_test.tested_by == "Ada"


async def test_a_draft_that_is_saved_with_another_key_is_not_tested(me: Actor, upstream: Upstream) -> None:
    await climbed(probes.run_draft(me, draft(upstream)))

    saved = await providers.create(me, draft(upstream, credential={"secret": {"api_key": f"{KEY}-other"}}))

    assert saved.status is Status.NOT_TESTED


async def test_a_red_test_does_not_keep_anybody_from_saving(me: Actor, upstream: Upstream) -> None:
    upstream.on("/models", answer(401, {"error": {"message": f"wrong key {KEY}"}}))

    result = await climbed(probes.run_draft(me, draft(upstream)))
    saved = await providers.create(me, draft(upstream))

    assert (result.verdict, saved.status, saved.enabled) == (Verdict.AUTH_FAILED, Status.ATTENTION, True)
    assert KEY not in result.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "depth", "status"),
    [
        pytest.param({}, "models", Status.KEY_ACCEPTED, id="a key"),
        pytest.param({"auth_type": "none", "credential": ...}, "auth", Status.REACHABLE, id="no key, address"),
        pytest.param({"auth_type": "none", "credential": ...}, "models", Status.REACHABLE, id="no key, list"),
        pytest.param({"preset": "nvidia", "type": "openai"}, "models", Status.REACHABLE, id="a key, open list"),
        pytest.param({"default_model": "ghost"}, "models", Status.ATTENTION, id="a default that is not listed"),
        pytest.param({"auth_type": "none", "credential": ...}, "chat", Status.WORKING, id="no key, chat"),
    ],
)
async def test_the_card_claims_no_more_than_the_test_proved(
    me: Actor, upstream: Upstream, changes: dict[str, Any], depth: Any, status: Status
) -> None:
    await providers.create(me, draft(upstream, **changes))

    await climbed(probes.run_saved(me, "mine", depth=depth))

    assert (await providers.get(me, "mine")).status is status


async def test_testing_a_local_address_approves_it_and_says_so_once(me: Actor, upstream: Upstream) -> None:
    await climbed(probes.run_draft(me, draft(upstream), depth="auth"))
    await climbed(probes.run_draft(me, draft(upstream), depth="auth"))

    assert [row.origin for row in await rows(EgressApproval)] == [upstream.origin]
    assert [row.action for row in await rows(AuditRow)] == ["egress:origin:approve", "provider:connection:test", "provider:connection:test"]


async def test_local_addresses_are_refused_where_they_are_switched_off(
    me: Actor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHBAY_EGRESS_LOCAL", "off")
    settings.current.cache_clear()

    result = await climbed(probes.run_draft(me, draft(upstream)))

    assert (result.verdict, upstream.connections) == (Verdict.REFUSED_BY_POLICY, 0)


@pytest.fixture
async def saved(me: Actor, upstream: Upstream) -> Provider:
    return await providers.create(me, draft(upstream))


async def test_the_result_of_a_saved_provider_is_kept_and_audited(me: Actor, saved: Provider) -> None:
    result = await climbed(probes.run_saved(me, "mine"))

    after = await providers.get(me, "mine")
    assert after.status is Status.WORKING
    assert after.last_test is not None
    assert after.last_test.result == result
    assert after.version == saved.version
    [entry] = [row for row in await rows(AuditRow) if row.action == "provider:connection:test"]
    assert (entry.outcome, entry.changes["verdict"]) == ("ok", "ok")


@pytest.mark.parametrize("how", ["alone", "with others"])
@pytest.mark.parametrize("is_well", [True, False])
async def test_a_good_test_ends_a_break(me: Actor, saved: Provider, upstream: Upstream, how: str, is_well: bool) -> None:
    endpoint = registry.shared.endpoint("mine")
    for _ in range(circuit.FAILURES):
        circuit.failed(endpoint, TimedOut("Too late."))
    if not is_well:
        upstream.on("/chat/completions", answer(500, {"error": {"message": "still not"}}))

    tests = probes.run_saved(me, "mine") if how == "alone" else probes.run_batch(me, await probes.providers_of(me), probes.Batch())
    assert circuit.opened(saved.id)
    async for _ in tests:
        pass

    assert (circuit.opened(saved.id) is None) is is_well
    circuit.forget(saved.id)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"label": "New", "tags": ["x"]}, Status.WORKING, id="looks"),
        pytest.param({"default_model": MODELS[1]}, Status.WORKING, id="another default of the list"),
        pytest.param({"default_model": None}, Status.WORKING, id="no default"),
        pytest.param({"default_model": "ghost"}, Status.ATTENTION, id="a default that the provider does not list"),
        pytest.param({"network": {"total_seconds": 30}}, Status.NOT_TESTED, id="time limits"),
        pytest.param({"limits": {"requests_per_minute": 60, "concurrent": 2}}, Status.WORKING, id="limits"),
        pytest.param({"credential": {"secret": {"api_key": f"{KEY}-2"}}}, Status.NOT_TESTED, id="key"),
        pytest.param({"auth_type": "none"}, Status.NOT_TESTED, id="auth type"),
    ],
)
async def test_a_result_speaks_of_the_configuration_it_was_made_for(
    me: Actor, saved: Provider, change: dict[str, Any], status: Status
) -> None:
    await climbed(probes.run_saved(me, "mine"))

    after = await providers.update(me, "mine", ProviderPatch.model_validate(change))

    assert after.status is status


async def test_editing_tests_with_the_stored_key_while_the_host_stays(me: Actor, saved: Provider, upstream: Upstream) -> None:
    result = await climbed(probes.run_draft(me, draft(upstream, credential=...), provider_name="mine"))

    assert result.ok
    assert keys_sent(upstream) == {f"Bearer {KEY}", ""}


EXPIRED = "UPDATE credential SET expires_at = '2026-01-01 00:00:00'"


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        pytest.param("expires_at = '2026-01-01 00:00:00'", Verdict.NO_CREDENTIAL, "key_expired", id="expired"),
        pytest.param("state = 'disabled'", Verdict.NO_CREDENTIAL, "no_credential", id="switched off"),
        pytest.param("state = 'standby', state_reason = 'rotation'", Verdict.NO_CREDENTIAL, "no_credential", id="half of a rotation"),
        pytest.param("state = 'standby'", Verdict.OK, None, id="a reserve"),
        pytest.param("state = 'auto_disabled', next_retry_at = '2090-01-01 00:00:00'", Verdict.OK, None, id="refused, tried by hand"),
        pytest.param("state = 'active'", Verdict.OK, None, id="in use"),
    ],
)
async def test_a_draft_is_tested_with_the_keys_that_traffic_would_use(
    me: Actor, saved: Provider, upstream: Upstream, db: Any, changes: str, verdict: Verdict, code: str | None
) -> None:
    db.run(f"UPDATE credential SET {changes}")  # noqa: S608 - of this file
    await registry.shared.rebuild()

    edited = await climbed(probes.run_draft(me, draft(upstream, credential=...), provider_name="mine"))
    as_saved = await climbed(probes.run_saved(me, "mine"))

    assert (edited.verdict, edited.error and edited.error.code) == (verdict, code)
    assert (as_saved.verdict, as_saved.error and as_saved.error.code) == (verdict, code)


TYPED: dict[str, Any] = {"api_key": KEY}
ENDS = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
# Field of a draft → the draft's fields with another value for it. `@` is the provider's origin.
OTHER: dict[str, dict[str, Any]] = {
    "name": {"name": "other"},
    "label": {"label": "Another"},
    "description": {"description": "Of the team"},
    "type": {"type": "anthropic"},
    "preset": {"preset": "nvidia", "type": "openai"},
    "base_url": {"base_url": "@/other/v1"},
    "at_root": {"base_url": "@", "at_root": True},
    "auth_type": {"auth_type": "none", "credential": ...},
    "auth": {"auth_type": "custom_header", "auth": {"header_name": "X-Key"}, "credential": {"secret": {"header_value": KEY}}},
    "default_model": {"default_model": "beta/large"},
    "models": {"models": ["alpha-small", "beta/large"]},
    "network": {"network": {"connect_seconds": 4, "first_byte_seconds": 9, "idle_seconds": 8, "total_seconds": 30}},
    "limits": {"limits": {"requests_per_minute": 60, "concurrent": 2}},
    "only_listed_models": {"only_listed_models": True, "models": [MODELS[0]]},
    "capabilities": {"capabilities": {"streaming": "no", "context_limit": 4_000}},
    "tags": {"tags": ["team-a"]},
    "enabled": {"enabled": False},
    "credential.label": {"credential": {"secret": TYPED, "label": "Main"}},
    "credential.secret": {"credential": {"secret": {"api_key": f"{KEY}-2"}}},
    "credential.reference": {"credential": {"reference": {"api_key": {"env": "PATCHBAY_SECRET_PLANTED"}}}},
    "credential.weight": {"credential": {"secret": TYPED, "weight": 7}},
    "credential.priority": {"credential": {"secret": TYPED, "priority": 3}},
    "credential.state": {"credential": {"secret": TYPED, "state": "standby"}},
    "credential.expires_at": {"credential": {"secret": TYPED, "expires_at": ENDS}},
}
FOR_PEOPLE = {"name", "description", "tags"}


def test_every_field_of_a_draft_is_here() -> None:
    fields_ = {*ProviderDraft.model_fields} - {"credential"} | {f"credential.{name}" for name in CredentialDraft.model_fields}

    assert set(OTHER) == fields_


def differing(one: Endpoint, other: Endpoint) -> set[str]:
    """Fields in which two endpoints would serve differently. Each is a provider, and a key, of its own."""
    found = {f.name for f in fields(one) if f.name not in ("id", "name", "keys", "use") and getattr(one, f.name) != getattr(other, f.name)}
    if len(one.keys) != len(other.keys):
        return found | {"keys"}
    own = ("id", "secrets", "state_since")
    pairs = zip(one.keys, other.keys, strict=True)
    return found | {f"keys.{f.name}" for a, b in pairs for f in fields(a) if f.name not in own and getattr(a, f.name) != getattr(b, f.name)}


@pytest.mark.parametrize("field", OTHER)
async def test_what_a_draft_is_tested_as_is_what_saving_it_serves(
    me: Actor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Each field that traffic respects a test of the draft respects too, and of the rest neither takes any notice."""
    monkeypatch.setenv("PATCHBAY_SECRET_PLANTED", f"{KEY}-3")
    tested: list[Endpoint] = []

    async def seen(endpoint: Endpoint, **_: Any) -> AsyncIterator[ProbeStep]:
        tested.append(endpoint)
        for step in ():
            yield step

    monkeypatch.setattr(runner, "run", seen)
    changes = {k: v.replace("@", upstream.origin) if isinstance(v, str) else v for k, v in OTHER[field].items()}
    usual, whole = draft(upstream, name="usual", label="Usual"), draft(upstream, **{"label": "Usual", **changes})

    for one in (usual, whole):
        assert [step async for step in probes.run_draft(me, one)] == []
        await providers.create(me, one)
    edited = draft(upstream, **{"label": "Usual", **changes, "credential": ...})
    assert [step async for step in probes.run_draft(me, edited, provider_name=whole.name)] == []

    as_usual, new, again = tested
    served = registry.shared.endpoint(whole.name)
    assert (differing(new, served), differing(again, served)) == (set(), set())
    assert again.keys == served.keys
    assert bool(differing(new, as_usual)) is (field not in FOR_PEOPLE)


@pytest.mark.parametrize("how", ["in the form", "in its row"])
async def test_a_new_key_does_not_end_with_the_old_one(me: Actor, saved: Provider, upstream: Upstream, db: Any, how: str) -> None:
    db.run(EXPIRED)
    secret = {"api_key": f"{KEY}-2"}
    if how == "in the form":
        await climbed(probes.run_draft(me, draft(upstream, credential={"secret": secret}), provider_name="mine"))
        await providers.update(me, "mine", ProviderPatch.model_validate({"credential": {"secret": secret}}))
    else:
        await credentials.update(me, saved.credentials[0].id, CredentialPatch.model_validate({"secret": secret}))

    assert (await climbed(probes.run_saved(me, "mine"))).ok
    assert (await providers.get(me, "mine")).credentials[0].expires_at is None


@pytest.mark.parametrize("end", ["2020-01-01T00:00:00Z", "2090-01-01T00:00:00"], ids=["over", "no zone"])
async def test_a_key_that_would_never_be_used_is_neither_tested_nor_saved(me: Actor, upstream: Upstream, end: str) -> None:
    over = draft(upstream, credential={"secret": {"api_key": KEY}, "expires_at": end})

    with pytest.raises(InvalidDraft) as tested:
        await climbed(probes.run_draft(me, over))
    with pytest.raises(InvalidDraft) as created:
        await providers.create(me, over)

    assert list(tested.value.reasons) == list(created.value.reasons) == ["credential.expires_at"]


async def test_editing_never_sends_the_stored_key_to_another_host(me: Actor, saved: Provider, upstream: Upstream) -> None:
    other = Upstream()
    await other.start()
    try:
        result = await climbed(probes.run_draft(me, draft(other, credential=...), provider_name="mine"))
    finally:
        await other.stop()

    assert result.verdict is Verdict.NO_CREDENTIAL
    assert all("authorization" not in heard.headers for heard in other.heard)


async def test_a_provider_that_is_off_can_be_tested_by_hand(me: Actor, saved: Provider) -> None:
    await providers.disable(me, "mine")

    assert (await climbed(probes.run_saved(me, "mine"))).ok
    assert (await providers.get(me, "mine")).status is Status.OFF


async def test_what_does_not_exist_is_said_before_the_first_rung(me: Actor, saved: Provider, upstream: Upstream) -> None:
    with pytest.raises(UnknownProvider):
        await climbed(probes.run_saved(me, "nobody"))
    with pytest.raises(UnknownCredential):
        await climbed(probes.run_saved(me, "mine", credential_id="none"))
    with pytest.raises(InvalidDraft):
        await climbed(probes.run_draft(me, draft(upstream, base_url="")))
    with pytest.raises(Forbidden):
        await climbed(probes.run_saved(Actor(ActorType.USER, "v", "Vera", Role.VIEWER), "mine"))


async def test_a_person_may_not_test_without_end(me: Actor, saved: Provider) -> None:
    for _ in range(rate_limit.PER_MINUTE):
        with pytest.raises(UnknownCredential):
            await climbed(probes.run_saved(me, "mine", credential_id="none"))

    with pytest.raises(TooManyAttempts) as caught:
        await climbed(probes.run_saved(me, "mine"))
    assert 0 < caught.value.details["retry_after"] <= 60  # type: ignore[operator] - a number


async def test_asking_for_models_counts_as_a_test(me: Actor, saved: Provider, upstream: Upstream) -> None:
    for _ in range(rate_limit.PER_MINUTE - 1):
        rate_limit.count(me.id)
    await models.discover(me, "mine")
    heard = len(upstream.heard)

    with pytest.raises(TooManyAttempts) as caught:
        await models.discover(me, "mine")
    with pytest.raises(TooManyAttempts):
        await climbed(probes.run_saved(me, "mine"))

    assert 0 < caught.value.details["retry_after"] <= 60  # type: ignore[operator] - a number
    assert len(upstream.heard) == heard


async def test_models_are_discovered_as_a_difference_and_synced(me: Actor, saved: Provider) -> None:
    await models.sync(me, "mine", add=["gone", MODELS[0]], default="gone")

    found = await models.discover(me, "mine")
    assert (found.status, found.kept, found.missing) == ("ok", [MODELS[0]], ["gone"])
    assert found.new == sorted(MODELS[1:])

    listed = await models.sync(me, "mine", add=found.new, remove=found.missing)
    after = await providers.get(me, "mine")
    assert [m.identifier for m in listed] == sorted(MODELS)
    assert (after.default_model, after.model_count) == (None, len(MODELS))


async def test_a_failed_discovery_is_a_status_and_removes_nothing(me: Actor, saved: Provider, upstream: Upstream) -> None:
    await models.sync(me, "mine", add=["kept"])
    upstream.on("/models", answer(403, {"error": {"message": "no"}}))

    found = await models.discover(me, "mine")

    assert (found.status, found.missing, found.new) == ("auth_failed", [], [])
    assert [m.identifier for m in await models.list_(me, "mine")] == ["kept"]


async def test_what_is_saved_is_served_at_once(me: Actor, saved: Provider) -> None:
    assert registry.shared.snapshot.endpoints["mine"].enabled

    await providers.disable(me, "mine")
    assert not registry.shared.snapshot.endpoints["mine"].enabled

    await providers.delete(me, "mine")
    assert "mine" not in registry.shared.snapshot.endpoints
