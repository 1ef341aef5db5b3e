"""Where a selector leads: every step, and every reason why one is passed over, without a word to any provider."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import registry
from app.domain.actor import ANONYMOUS, SYSTEM, Actor, ActorType, Role, Scope
from app.domain.credentials.credential import CredentialDraft, CredentialPatch, KeyState
from app.domain.errors import Forbidden, RateLimited, Refused, UnknownClientKey, Unreachable, UpstreamError
from app.domain.probes.probe import LastTest, ProbeResult
from app.domain.providers.alias import AliasDraft
from app.domain.providers.explanation import SENTENCES, Explanation, SkipCode
from app.domain.providers.outlook import ConcernCode, Outlook
from app.domain.providers.provider import ProviderDraft, ProviderPatch
from app.domain.snapshot import Limits
from app.relay import circuit, keys, limits, provider_outcomes
from app.services import aliases, client_keys, credentials, providers, routes
from app.services.health import Recorder
from app.storage import probes, provider_records
from app.storage import providers as rows
from app.storage.work import work
from app.ui import i18n
from tests.fixtures import make
from tests.fixtures.databases import Database, only_sqlite

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)
Add = Callable[..., Awaitable[Any]]

pytestmark = only_sqlite  # the look is at memory


@pytest.fixture(autouse=True)
async def house(db: Database, outgoing: None) -> AsyncIterator[None]:
    """A registry over an empty database; nothing is known of any provider."""
    circuit.forget(), keys.forget(), limits.forget()
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()
    circuit.forget(), keys.forget(), limits.forget()


@pytest.fixture
async def add(actor: Actor) -> Add:
    async def adding(name: str, **changes: Any) -> Any:
        fields = {"name": name, "base_url": f"https://{name}.example.com/v1", "models": ["alpha"], "label": name.title()}
        secret = {"credential": {"label": "main", "secret": {"api_key": make.SECRET + name}}}
        given = {name: value for name, value in {**fields, **secret, **changes}.items() if value is not None}
        return await providers.create(actor, ProviderDraft.model_validate(given))

    return adding


async def alias(actor: Actor, name: str, *targets: str, **changes: Any) -> None:
    """Targets as `provider/model priority weight`."""
    parts = []
    for target in targets:
        where, *numbers = target.split()
        provider, model = where.split("/")
        parts.append({"provider": provider, "model": model, **dict(zip(("priority", "weight"), map(int, numbers), strict=False))})
    await aliases.create(actor, AliasDraft.model_validate({"name": name, "targets": parts, **changes}))


def endpoint(name: str) -> Any:
    return registry.shared.endpoint(name)


def told(found: Explanation) -> list[tuple[str, str, float]]:
    """(selector, why it is passed over, share of the calls that begin there) of each target."""
    return [(f"{t.provider}/{t.model}", t.skipped.code if t.skipped else "", t.share) for t in found.targets]


def key_steps(found: Explanation, target: int = 0) -> dict[str, tuple[str, float]]:
    return {key.label: (key.skipped.code if key.skipped else "", key.share) for key in found.targets[target].keys}


async def test_a_plain_selector_leads_to_its_provider_and_key(add: Add) -> None:
    await add("acme")

    for selector, kind in (("acme/alpha", "provider"), ("alpha", "model"), ("acme/other", "provider")):
        found = await routes.explain(VIEWER, selector)
        assert (found.kind, found.alias, found.error) == (kind, "", None)
        assert found.chosen is not None
        assert (found.chosen.provider, found.chosen.key_label) == ("acme", "main")
        assert found.targets[0].provider_label == "Acme"


async def test_the_default_leads_to_the_default_provider(add: Add, actor: Actor) -> None:
    await add("acme", default_model="alpha")
    assert (await routes.explain(VIEWER, "")).error is not None

    await providers.set_default(actor, "acme")

    for selector in ("", "default"):
        found = await routes.explain(VIEWER, selector)
        assert (found.kind, told(found)) == ("default", [("acme/alpha", "", 1.0)])


async def test_an_unknown_selector_is_explained_and_not_an_error(add: Add) -> None:
    await add("acme")
    await add("beta")

    unknown, several = await routes.explain(VIEWER, "acme-alpha"), await routes.explain(VIEWER, "alpha")

    assert unknown.error is not None
    assert several.error is not None
    assert (unknown.kind, unknown.error.code, unknown.chosen) == ("unknown", "model_not_found", None)
    assert (several.kind, several.error.suggestions) == ("model", ["acme/alpha", "beta/alpha"])


async def test_targets_stand_in_the_order_in_which_they_are_tried(add: Add, actor: Actor) -> None:
    for name in ("one", "two", "three"):
        await add(name)
    await alias(actor, "fast", "three/c 2 9", "one/a 1 1", "two/b 1 3")

    found = await routes.explain(VIEWER, "fast")

    assert (found.kind, found.alias, found.revision) == ("alias", "fast", registry.shared.snapshot.revision)
    assert told(found) == [("two/b", "", 0.75), ("one/a", "", 0.25), ("three/c", "", 0.0)]
    assert found.chosen is not None
    assert (found.chosen.provider, found.chosen.model) == ("two", "b")


async def test_every_target_that_is_passed_over_says_why(add: Add, actor: Actor) -> None:
    names = ("off", "gone", "strict", "broken", "tired", "full", "keyless", "fine")
    for name in names:
        await add(name)
    await alias(actor, "fast", *(f"{name}/other" for name in names))
    await providers.update(actor, "strict", ProviderPatch(only_listed_models=True))
    await providers.disable(actor, "off")
    await providers.delete(actor, "gone")
    [held] = await credentials.list_(actor, "keyless")
    await credentials.update(actor, held.id, CredentialPatch(state=KeyState.DISABLED))
    for _ in range(circuit.FAILURES):
        circuit.failed(endpoint("tired"), Unreachable("away"))
    _swap("full", limits=Limits(requests_per_minute=1))
    limits.enter(endpoint("full"))
    _swap("broken", problem="malformed")

    found = await routes.explain(VIEWER, "fast")

    assert {target: why for target, why, _ in told(found)} == {
        "off/other": "provider_disabled", "gone/other": "provider_deleted", "strict/other": "model_not_listed",
        "broken/other": "provider_broken", "tired/other": "circuit_open", "full/other": "provider_limit", "keyless/other": "no_key",
        "fine/other": "",
    }  # fmt: skip
    assert found.chosen is not None
    assert found.chosen.provider == "fine"
    until = {t.provider: t.skipped.until for t in found.targets if t.skipped}
    now = datetime.now(UTC)
    assert now < until["tired"] < now + timedelta(seconds=7)
    assert now < until["full"] < now + timedelta(seconds=62)


async def test_every_key_that_is_passed_over_says_why(add: Add, actor: Actor) -> None:
    await add("acme")
    made = {}
    for label in ("off", "old", "tired", "poor", "refused", "heavy"):
        made[label] = await credentials.add(
            actor, "acme", CredentialDraft.model_validate({"label": label, "secret": {"api_key": f"sk-{label}-0123456789"}, "weight": 3})
        )
    await credentials.add(
        actor, "acme", CredentialDraft.model_validate({"label": "reserve", "secret": {"api_key": "sk-r-0123456789"}, "state": "standby"})
    )
    await credentials.update(actor, made["off"].id, CredentialPatch(state=KeyState.DISABLED))
    held = {key.label: key for key in endpoint("acme").keys}
    keys.failed(endpoint("acme"), held["tired"], RateLimited("later", status=429, retry_after=40))
    keys.failed(endpoint("acme"), held["poor"], RateLimited("no money", status=402, details={"kind": "no_credit"}))
    keys.failed(endpoint("acme"), held["refused"], Refused("no", status=401, details={"kind": "key"}))
    past = datetime(2020, 1, 1, tzinfo=UTC)
    _swap("acme", keys=tuple(replace(k, expires_at=past) if k.label == "old" else k for k in endpoint("acme").keys))

    found = await routes.explain(VIEWER, "acme/alpha")

    assert key_steps(found) == {
        "heavy": ("", 0.75), "main": ("", 0.25), "reserve": ("key_standby", 0.0), "off": ("key_disabled", 0.0), "old": ("key_expired", 0.0),
        "tired": ("key_cooling", 0.0), "poor": ("key_no_credit", 0.0), "refused": ("key_refused", 0.0),
    }  # fmt: skip
    assert [key.label for key in found.targets[0].keys][:3] == ["heavy", "main", "reserve"]
    tired = next(key for key in found.targets[0].keys if key.label == "tired")
    assert tired.skipped is not None
    assert tired.skipped.until is not None
    assert timedelta(seconds=30) < tired.skipped.until - datetime.now(UTC) <= timedelta(seconds=40)


async def test_the_reserve_answers_when_nothing_else_can(add: Add, actor: Actor) -> None:
    await add("acme")
    draft = {"label": "reserve", "secret": {"api_key": "sk-r-0123456789"}, "state": "standby"}
    await credentials.add(actor, "acme", CredentialDraft.model_validate(draft))
    main = next(key for key in endpoint("acme").keys if key.label == "main")
    keys.failed(endpoint("acme"), main, RateLimited("later", status=429, retry_after=40))

    found = await routes.explain(VIEWER, "acme/alpha")

    assert key_steps(found) == {"reserve": ("", 1.0), "main": ("key_cooling", 0.0)}


async def test_a_provider_that_needs_no_key_says_so(add: Add) -> None:
    await add("local", auth_type="none", credential=None)

    found = await routes.explain(VIEWER, "local/alpha")

    assert found.chosen is not None
    assert (found.targets[0].needs_key, found.targets[0].keys, found.chosen.key_id) == (False, [], "")


async def test_looking_changes_nothing(add: Add, actor: Actor) -> None:
    await add("acme")
    before = registry.shared.snapshot.revision
    main = endpoint("acme").keys[0]
    _swap("acme", keys=(replace(main, state=KeyState.AUTO_DISABLED, next_retry_at=datetime(2020, 1, 1, tzinfo=UTC)),))

    explained = [await routes.explain(VIEWER, "acme/alpha") for _ in range(3)]

    assert [key_steps(found) for found in explained] == [{"main": ("", 1.0)}] * 3
    assert keys.is_due(endpoint("acme").keys[0])
    assert registry.shared.snapshot.revision == before


async def test_as_an_application_it_shows_what_its_key_may_use(add: Add, actor: Actor) -> None:
    await add("one")
    await add("two")
    await alias(actor, "fast", "one/a", "two/b 2")
    await alias(actor, "mine", "one/a")
    key = (await client_keys.issue(actor, "app", Scope.GATEWAY, providers=["two"], models=["fast"])).client_key

    fast, mine = await _as(key.id, "fast"), await _as(key.id, "mine")

    assert (fast.client_key, told(fast)) == ("app", [("one/a", "provider_out_of_scope", 0.0), ("two/b", "", 1.0)])
    assert [note.code for note in mine.notes] == [SkipCode.ALIAS_OUT_OF_SCOPE]
    assert mine.error is not None
    assert (mine.kind, mine.error.code) == ("unknown", "model_not_found")


async def test_an_alias_that_is_switched_off_is_mentioned(add: Add, actor: Actor) -> None:
    await add("one")
    await alias(actor, "alpha", "one/b", enabled=False)

    found = await routes.explain(VIEWER, "alpha")

    assert ([note.code for note in found.notes], told(found)) == ([SkipCode.ALIAS_DISABLED], [("one/alpha", "", 1.0)])


async def test_a_key_that_is_turned_away_says_why(add: Add, actor: Actor) -> None:
    await add("one")
    reader = (await client_keys.issue(actor, "reader", Scope.READ)).client_key
    app = (await client_keys.issue(actor, "app", Scope.GATEWAY)).client_key
    held = registry.shared.snapshot.client_keys[app.hint.removeprefix("pb-")]
    over = replace(held, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    busy = replace(held, id="busy", requests_per_minute=1)
    limits.admit(busy)
    _swap_keys({"over": over, "busy": busy, "reader": replace(held, id=reader.id, scope=Scope.READ)})

    for key_id, code in ((reader.id, "client_key_scope"), (over.id, "client_key_expired"), ("busy", "client_key_limit")):
        found = await _as(key_id, "one/alpha")
        assert found.refused is not None
        assert found.error is not None
        assert (found.refused.code, found.error.code, found.chosen) == (code, code, None)
        assert told(found) == [("one/alpha", "", 1.0)]
    with pytest.raises(UnknownClientKey):
        await _as("nobody", "one/alpha")


async def test_nothing_left_is_said_in_a_sentence(add: Add, actor: Actor) -> None:
    await add("one")
    [held] = await credentials.list_(actor, "one")
    await credentials.update(actor, held.id, CredentialPatch(state=KeyState.DISABLED))

    found = await routes.explain(VIEWER, "one/alpha")

    assert found.error is not None
    assert (found.error.code, told(found)) == ("no_target", [("one/alpha", "no_key", 0.0)])


async def test_a_trial_that_runs_is_told(add: Add) -> None:
    await add("one")
    for _ in range(circuit.FAILURES):
        circuit.failed(endpoint("one"), Unreachable("away"))
    record = circuit._records[endpoint("one").id]
    record.until, record.ends_at = 1.0, datetime(2020, 1, 1, tzinfo=UTC)
    assert told(await routes.explain(VIEWER, "one/alpha")) == [("one/alpha", "", 1.0)]

    circuit.admit(endpoint("one"))
    await asyncio.sleep(0)

    assert told(await routes.explain(VIEWER, "one/alpha")) == [("one/alpha", "circuit_open", 0.0)]


SPENT = RateLimited("no money", status=402, details={"kind": "no_credit"})
LIMITED = RateLimited("later", status=429)


async def called(name: str, *errors: UpstreamError | None) -> None:
    """Calls of applications that ended so, some time ago: nothing rests any more."""
    recorder = Recorder()
    for error in errors:
        provider_outcomes.note(endpoint(name).id, error, 0.2)
    await recorder.stop()
    _forget()


async def listed(name: str, *models: str) -> None:
    """A test of a provider that answered, and found these models."""
    result = {
        "ok": True,
        "verdict": "ok",
        "proven": ["credential", "models", "chat"],
        "steps": [],
        "model": models[0],
        "models": list(models),
    }
    found = ProbeResult.model_validate({**result, "checked_at": datetime.now(UTC)})
    async with work(SYSTEM, audited=False) as doing:
        row = await rows.get(doing.session, name)
        assert row is not None
        place = provider_records.configured_as(row)
        await probes.save(doing.session, row.id, configuration=place, test=LastTest(result=found, tested_by="Ada"))


@pytest.mark.parametrize(
    ("errors", "outlook", "concern"),
    [
        pytest.param([None], Outlook.LIKELY, None, id="answered"),
        pytest.param([], Outlook.UNKNOWN, ConcernCode.NOT_TRIED, id="never called"),
        pytest.param([None, SPENT], Outlook.UNLIKELY, ConcernCode.NO_CREDIT, id="out of credit"),
        pytest.param([LIMITED] * 20, Outlook.UNLIKELY, ConcernCode.LIMITED, id="20 limited"),
        pytest.param([Unreachable("away")] * 3, Outlook.UNLIKELY, ConcernCode.FAILING, id="away"),
        pytest.param([Refused("no", status=401, details={"kind": "key"})], Outlook.UNLIKELY, ConcernCode.KEY_REFUSED, id="refused"),
        pytest.param([Unreachable("away"), None], Outlook.DOUBTFUL, ConcernCode.UNSTABLE, id="unstable"),
    ],
)
async def test_how_the_provider_does_stands_beside_where_a_call_goes(
    add: Add, actor: Actor, errors: list[UpstreamError | None], outlook: Outlook, concern: ConcernCode | None
) -> None:
    await add("groq")
    await called("groq", *errors)

    found = await routes.explain(VIEWER, "groq/alpha")

    [target] = found.targets
    assert found.chosen is not None
    assert (found.outlook, target.outlook, [one.code for one in target.concerns]) == (outlook, outlook, [concern] if concern else [])
    # Whoever shows the same fact says the same.
    provider, health = await providers.get(actor, "groq"), await providers.health_of(actor, "groq")
    assert (target.status, target.health) == (provider.status, provider.health.health) == (health.status, health.health)


async def test_a_model_that_the_provider_does_not_list_will_not_answer(add: Add) -> None:
    await add("openai")
    await listed("openai", "gpt-5-mini", "alpha")

    nonsense, there = await routes.explain(VIEWER, "openai/nonsense"), await routes.explain(VIEWER, "openai/gpt-5-mini")

    assert (nonsense.outlook, [one.code for one in nonsense.targets[0].concerns]) == (Outlook.UNLIKELY, [ConcernCode.MODEL_UNKNOWN])
    assert (there.outlook, there.targets[0].concerns) == (Outlook.LIKELY, [])


async def test_where_the_first_will_fail_the_next_that_may_answer_is_named(add: Add, actor: Actor) -> None:
    for name in ("groq", "worse", "openai"):
        await add(name)
    await alias(actor, "fast", "groq/alpha 1", "worse/alpha 2", "openai/alpha 3")
    await called("groq", SPENT)
    await called("worse", Unreachable("away"), Unreachable("away"), Unreachable("away"))
    await called("openai", None)

    found = await routes.explain(VIEWER, "fast")

    assert found.chosen is not None
    assert found.fallback is not None
    assert (found.chosen.provider, found.outlook, found.fallback.provider) == ("groq", Outlook.UNLIKELY, "openai")
    assert [target.outlook for target in found.targets] == [Outlook.UNLIKELY, Outlook.UNLIKELY, Outlook.LIKELY]
    await called("groq", None, *[None] * 20)
    assert (await routes.explain(VIEWER, "fast")).fallback is None


async def test_strangers_are_told_nothing() -> None:
    with pytest.raises(Forbidden):
        await routes.explain(ANONYMOUS, "x")


def test_every_reason_has_words() -> None:
    assert SENTENCES.keys() == set(SkipCode)
    assert {f"skip.{code.value}" for code in SkipCode} <= i18n.keys()


async def _as(key_id: str, selector: str) -> Explanation:
    return await routes.explain(VIEWER, selector, client_key_id=key_id)


def _swap(name: str, **changes: Any) -> None:
    """Another record of one provider in the snapshot, as a state that is hard to reach."""
    held = registry.shared.snapshot
    registry.shared.snapshot = replace(held, endpoints={**held.endpoints, name: replace(held.endpoints[name], **changes)}, routes={})


def _swap_keys(entries: dict[str, Any]) -> None:
    registry.shared.snapshot = replace(registry.shared.snapshot, client_keys=entries)


def _forget() -> None:
    for module in (circuit, keys, limits):
        module.forget()
