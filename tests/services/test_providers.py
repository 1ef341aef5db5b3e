"""Saving providers: what is kept, sealed, refused, audited. Against a real database and vault."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlmodel import select

from app import presets, settings
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import KeyState
from app.domain.errors import (
    Forbidden,
    InvalidDraft,
    NameTaken,
    ProviderDisabled,
    ReentryRequired,
    Stale,
    UnknownPreset,
    UnknownProvider,
)
from app.domain.providers.provider import (
    FromPreset,
    Provider,
    ProviderDraft,
    ProviderLimits,
    ProviderPatch,
    ProviderPut,
    ProviderQuery,
    Status,
)
from app.domain.secret import Binding
from app.services import models, providers
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import CredentialSecret, EgressApproval, Instance
from app.vault import open as vault_open
from tests.fixtures.databases import Database

URL = "https://93.184.216.34/v1"  # a literal address: nothing is looked up, nobody is called
KEY = "sk-planted-5d1e9c77a0b34f2a"
VIEWER = Actor(ActorType.USER, "u-viewer", "Vera", Role.VIEWER)

pytestmark = pytest.mark.usefixtures("db")


def draft(name: str = "mine", **fields: Any) -> ProviderDraft:
    body = {"name": name, "base_url": URL, "credential": {"secret": {"api_key": KEY}}}
    return ProviderDraft.model_validate({k: v for k, v in {**body, **fields}.items() if v is not ...})


def patch(**fields: Any) -> ProviderPatch:
    return ProviderPatch.model_validate(fields)


@pytest.fixture
async def saved(actor: Actor, db: Database) -> AsyncIterator[Provider]:
    yield await providers.create(actor, draft())


async def rows(table: Any) -> list[Any]:
    async with engine.session() as session:
        return list((await session.exec(select(table))).all())


async def entries(action: str) -> list[AuditRow]:
    return [row for row in await rows(AuditRow) if row.action == action]


async def revision() -> int:
    return (await rows(Instance))[0].revision


async def test_a_saved_key_is_sealed_to_its_place_and_only_its_hint_is_shown(saved: Provider, db: Database) -> None:
    [stored] = await rows(CredentialSecret)
    [shown] = saved.credentials

    binding = Binding("credential_secret", stored.credential_id, "api_key", saved.origin)
    assert vault_open.open_secret(stored.value, binding).reveal() == KEY
    assert (shown.is_set, shown.hint, shown.state) == (True, KEY[-4:], KeyState.ACTIVE)
    assert KEY not in saved.model_dump_json()
    assert KEY not in db.dump()


async def test_saving_raises_the_revision_and_leaves_an_entry_without_the_key(saved: Provider) -> None:
    [entry] = await entries("provider:config:create")
    [secret] = await entries("credential:secret:set")

    assert await revision() == 1
    assert entry.changes["base_url"] == {"before": None, "after": URL}
    assert secret.changes["api_key"] == {
        "op": "set",
        "fp_before": "",
        "fp_after": saved.credentials[0].fingerprint,
        "destination": saved.origin,
    }
    assert KEY not in str([entry.changes, secret.changes])


async def test_a_taken_name_is_refused_with_a_free_one(actor: Actor, saved: Provider) -> None:
    with pytest.raises(NameTaken) as caught:
        await providers.create(actor, draft())

    assert caught.value.suggestions == ("mine-2",)


async def test_a_provider_is_saved_without_a_key(actor: Actor) -> None:
    made = await providers.create(actor, draft(credential=...))

    assert (made.credentials, made.status) == ([], Status.NOT_TESTED)


async def test_a_preset_fills_in_what_is_left_out_and_finds_a_free_name(actor: Actor) -> None:
    first = await providers.from_preset(actor, FromPreset(preset="ollama"))
    second = await providers.from_preset(actor, FromPreset(preset="ollama"))

    assert (first.name, second.name, first.label, first.auth_type) == ("ollama", "ollama-2", "Ollama", "none")


async def test_an_unknown_preset_is_named(actor: Actor) -> None:
    with pytest.raises(UnknownPreset):
        await providers.from_preset(actor, FromPreset(preset="nobody"))
    with pytest.raises(InvalidDraft, match="known provider with this ID"):
        await providers.create(actor, draft(preset="nobody"))


@pytest.mark.parametrize(("preset", "missing"), [("azure-openai", "{resource}"), ("bedrock", "{region}")])
async def test_an_address_that_must_be_filled_in_is_asked_for(actor: Actor, preset: str, missing: str) -> None:
    sentence = f"Replace {missing} in the address with your own value."
    unfilled = ProviderDraft(name="cloud", preset=preset)

    for attempt in (providers.from_preset(actor, FromPreset(preset=preset)), providers.validate(actor, unfilled)):
        with pytest.raises(InvalidDraft) as refused:
            await attempt
        assert refused.value.reasons == {"base_url": sentence}

    filled = presets.get(preset).base_url.replace(missing, "mine")
    seen = await providers.validate(actor, ProviderDraft(name="cloud", preset=preset, base_url=filled))
    assert seen.base_url == filled


async def test_an_api_at_the_root_of_its_host_stays_there(actor: Actor) -> None:
    first = await providers.validate(actor, ProviderDraft(name="search", preset="perplexity"))
    again = await providers.validate(actor, ProviderDraft(name="search", preset="perplexity", base_url=first.base_url))
    elsewhere = await providers.validate(actor, ProviderDraft(name="search", preset="perplexity", base_url="https://proxy.example.com"))

    assert (first.base_url, again.base_url) == ("https://api.perplexity.ai", "https://api.perplexity.ai")
    assert elsewhere.base_url == "https://proxy.example.com/v1"


async def test_a_patch_without_a_secret_keeps_the_stored_one(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(label="New", credential={"secret": {"api_key": ""}}))

    assert (after.label, after.version) == ("New", 2)
    assert after.credentials[0].fingerprint == saved.credentials[0].fingerprint


async def test_a_new_secret_replaces_the_stored_one_as_a_rotation(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(credential={"secret": {"api_key": f"Bearer {KEY}-new"}}))

    [entry] = await entries("credential:secret:rotate")
    assert after.credentials[0].id == saved.credentials[0].id
    assert entry.changes["api_key"]["fp_before"] == saved.credentials[0].fingerprint
    assert entry.changes["api_key"]["fp_after"] == after.credentials[0].fingerprint


async def test_a_path_may_change_freely(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(base_url=f"{URL}beta/openai"))

    assert after.credentials[0].state is KeyState.ACTIVE


@pytest.mark.parametrize("moved", ["https://93.184.216.35/v1", "http://93.184.216.34/v1", "https://93.184.216.34:8443/v1"])
async def test_another_origin_asks_for_the_key_again(actor: Actor, saved: Provider, moved: str) -> None:
    with pytest.raises(ReentryRequired) as caught:
        await providers.update(actor, "mine", patch(base_url=moved))

    assert caught.value.details == {"credential_ids": [saved.credentials[0].id], "origin": saved.origin}
    assert (await providers.get(actor, "mine")).base_url == URL


async def test_a_key_entered_again_is_bound_to_the_new_origin(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(base_url="https://93.184.216.35/v1", credential={"secret": {"api_key": KEY}}))

    [stored] = await rows(CredentialSecret)
    assert after.credentials[0].origin == "https://93.184.216.35:443"
    assert vault_open.open_secret(stored.value, Binding("credential_secret", stored.credential_id, "api_key", after.origin)).reveal() == KEY


async def test_detaching_leaves_the_key_unreadable(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(base_url="https://93.184.216.35/v1", detach=True))

    assert (after.status, after.credentials[0].state, after.credentials[0].origin) == (Status.UNREADABLE, KeyState.UNREADABLE, saved.origin)
    assert len(await entries("credential:secret:detach")) == 1


async def test_an_auth_type_that_uses_no_key_clears_it(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(auth_type="none"))

    assert (after.credentials, await rows(CredentialSecret)) == ([], [])
    assert len(await entries("credential:secret:clear")) == 1


async def test_a_mask_and_the_hint_are_refused(actor: Actor, saved: Provider) -> None:
    for mask in (f"••••{KEY[-4:]}", KEY[-4:], "sk-***"):
        with pytest.raises(InvalidDraft) as caught:
            await providers.update(actor, "mine", patch(credential={"secret": {"api_key": mask}}))
        assert getattr(caught.value.message, "code", "") == "masked_secret"

    assert (await providers.get(actor, "mine")).credentials == saved.credentials


async def test_a_stale_save_says_what_changed_and_who_did_it(actor: Actor, saved: Provider) -> None:
    await providers.update(actor, "mine", patch(label="Theirs", version=1))
    await providers.disable(actor, "mine")

    with pytest.raises(Stale) as caught:
        await providers.update(actor, "mine", patch(label="Mine", version=1))

    assert caught.value.details == {"changed": {"label": "Theirs", "enabled": False}, "version": 3, "changed_by": "Ada"}


async def test_saving_the_same_again_changes_nothing(actor: Actor, saved: Provider) -> None:
    after = await providers.update(actor, "mine", patch(label=saved.label, base_url=URL, tags=[]))

    assert (after.version, await revision()) == (1, 1)


async def test_replacing_keeps_the_key_and_resets_the_rest(actor: Actor, saved: Provider) -> None:
    await providers.update(actor, "mine", patch(description="x", tags=["a"]))

    await models.sync(actor, "mine", add=["alpha", "beta"])

    after = await providers.replace(actor, "mine", ProviderPut(base_url=URL, label="Whole"))

    assert (after.description, after.tags, after.label, after.model_count) == ("", [], "Whole", 2)
    assert after.credentials[0].fingerprint == saved.credentials[0].fingerprint


async def test_the_name_never_changes(actor: Actor, saved: Provider) -> None:
    with pytest.raises(InvalidDraft, match="cannot be changed"):
        await providers.replace(actor, "mine", ProviderPut(base_url=URL, name="other"))


async def default_changes() -> list[dict[str, Any]]:
    return [entry.changes["default"] for entry in await entries("provider:default:set")]


@pytest.mark.parametrize("how", ["the switch", "a patch"])
async def test_a_default_that_is_switched_off_stays_the_default_unless_told_otherwise(actor: Actor, saved: Provider, how: str) -> None:
    assert (await providers.set_default(actor, "mine")).is_default
    told = len(await default_changes())

    off = await (providers.disable(actor, "mine") if how == "the switch" else providers.update(actor, "mine", patch(enabled=False)))

    assert (off.enabled, off.is_default) == (False, True)
    assert (await providers.enable(actor, "mine")).is_default
    assert len(await default_changes()) == told


@pytest.mark.parametrize("how", ["switched off", "deleted"])
@pytest.mark.parametrize("following", ["other", None])
async def test_who_is_the_default_afterwards_is_said_and_audited(actor: Actor, saved: Provider, how: str, following: str | None) -> None:
    other = await providers.create(actor, draft("other"))
    await providers.set_default(actor, "mine")

    end = providers.disable if how == "switched off" else providers.delete
    await end(actor, "mine", next_default=following)

    expected = other.id if following else None
    assert (await rows(Instance))[0].default_provider_id == expected
    assert (await default_changes())[-1] == {"before": saved.id, "after": expected}


@pytest.mark.parametrize("how", ["switched off", "deleted"])
async def test_one_that_is_off_or_about_to_be_takes_over_nothing(actor: Actor, saved: Provider, how: str) -> None:
    await providers.create(actor, draft("off", enabled=False))
    await providers.set_default(actor, "mine")
    end = providers.disable if how == "switched off" else providers.delete

    for following, error in (("off", ProviderDisabled), ("mine", ProviderDisabled), ("nobody", UnknownProvider)):
        with pytest.raises(error):
            await end(actor, "mine", next_default=following)

    still = await providers.get(actor, "mine")
    assert (still.enabled, still.is_default) == (True, True)


async def test_another_than_the_default_hands_nothing_over(actor: Actor, saved: Provider) -> None:
    await providers.create(actor, draft("other"))
    await providers.set_default(actor, "mine")

    await providers.disable(actor, "other", next_default=None)

    assert (await providers.get(actor, "mine")).is_default
    with pytest.raises(ProviderDisabled):
        await providers.set_default(actor, "other")


async def test_a_deleted_provider_comes_back_as_it_was(actor: Actor, saved: Provider) -> None:
    await providers.delete(actor, "mine")
    with pytest.raises(UnknownProvider):
        await providers.get(actor, "mine")

    back = await providers.restore(actor, "mine")

    assert (back.id, back.credentials[0].fingerprint) == (saved.id, saved.credentials[0].fingerprint)


async def test_a_name_taken_meanwhile_keeps_the_deleted_one_in_the_trash(actor: Actor, saved: Provider) -> None:
    await providers.delete(actor, "mine")
    await providers.create(actor, draft())

    with pytest.raises(NameTaken):
        await providers.restore(actor, "mine")


async def test_an_unknown_provider_is_answered_with_near_names(actor: Actor, saved: Provider) -> None:
    with pytest.raises(UnknownProvider) as caught:
        await providers.get(actor, "mined")

    assert caught.value.suggestions == ("mine",)


async def test_a_viewer_changes_nothing(actor: Actor, saved: Provider) -> None:
    for attempt in (
        lambda: providers.create(VIEWER, draft("x1")),
        lambda: providers.from_preset(VIEWER, FromPreset(preset="groq")),
        lambda: providers.update(VIEWER, "mine", patch(label="x")),
        lambda: providers.replace(VIEWER, "mine", ProviderPut(base_url=URL)),
        lambda: providers.enable(VIEWER, "mine"),
        lambda: providers.disable(VIEWER, "mine"),
        lambda: providers.set_default(VIEWER, "mine"),
        lambda: providers.clear_default(VIEWER),
        lambda: providers.delete(VIEWER, "mine"),
        lambda: providers.restore(VIEWER, "mine"),
        lambda: providers.validate(VIEWER, draft("x2")),
    ):
        with pytest.raises(Forbidden):
            await attempt()

    assert await revision() == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1",
        "http://[fd00:ec2::254]/v1",
        "http://2852039166/v1",
        "http://0xa9fea9fe/v1",
        "http://93.184.216.34:6379/v1",
    ],
)
async def test_an_address_nobody_may_call_is_refused_at_once(actor: Actor, url: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        await providers.create(actor, draft(base_url=url))

    assert caught.value.field == "base_url"


async def test_a_host_that_cannot_be_looked_up_is_saved(actor: Actor) -> None:
    made = await providers.create(actor, draft(base_url="https://nowhere.invalid/v1"))

    assert (made.is_local, await rows(EgressApproval)) == (False, [])


async def test_saving_a_local_address_approves_exactly_that_origin(actor: Actor) -> None:
    made = await providers.create(actor, draft(base_url="http://127.0.0.1:11434", auth_type="none", credential=...))

    assert made.is_local
    assert [row.origin for row in await rows(EgressApproval)] == ["http://127.0.0.1:11434"]
    assert [entry.target_id for entry in await entries("egress:origin:approve")] == ["http://127.0.0.1:11434"]


async def test_local_addresses_are_not_approved_where_they_are_switched_off(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_EGRESS_LOCAL", "off")
    settings.current.cache_clear()

    await providers.create(actor, draft(base_url="http://127.0.0.1:11434", auth_type="none", credential=...))

    assert await rows(EgressApproval) == []


async def test_the_list_is_searched_filtered_sorted_and_paged(actor: Actor) -> None:
    for name, label, tags in (("b-two", "beta", ["prod"]), ("a-one", "Alpha", ["prod", "eu"]), ("c-three", "gamma 100%", ["production"])):
        await providers.create(actor, draft(name, label=label, tags=tags))

    first = await providers.list_(actor, ProviderQuery(limit=2))
    rest = await providers.list_(actor, ProviderQuery(limit=2, cursor=first.next_cursor))
    assert [p.label for p in (*first.items, *rest.items)] == ["Alpha", "beta", "gamma 100%"]
    assert (first.total, rest.next_cursor) == (3, None)

    async def found(**query: Any) -> list[str]:
        return [p.name for p in (await providers.list_(actor, ProviderQuery.model_validate(query))).items]

    assert await found(tag="prod") == ["a-one", "b-two"]
    assert await found(search="00%") == ["c-three"]
    assert await found(search="%") == ["c-three"]
    assert await found(sort="created_at", order="desc") == ["c-three", "a-one", "b-two"]
    assert await found(status="not_tested", limit=1) == ["a-one"]
    assert await found(status="working") == []
    assert await found(auth_type="none") == []


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ", "WyJuYW1lIiwiYXNjIiwxLCJ4Il0"])
async def test_a_strange_cursor_is_refused(actor: Actor, cursor: str) -> None:
    with pytest.raises(InvalidDraft, match="cursor"):
        await providers.list_(actor, ProviderQuery(cursor=cursor))


async def test_validating_says_where_calls_would_go_and_saves_nothing(actor: Actor, saved: Provider) -> None:
    seen = await providers.validate(actor, draft("other", base_url="93.184.216.34/v1/v1/chat/completions"))

    assert seen.effective_urls["chat"] == "https://93.184.216.34/v1/chat/completions"
    assert set(seen.notes) == {"scheme_added", "version_doubled", "path_trimmed"}
    with pytest.raises(NameTaken):
        await providers.validate(actor, draft())
    await providers.validate(actor, draft(), editing="mine")
    assert await revision() == 1


async def test_limits_are_saved_changed_cleared_and_told(actor: Actor) -> None:
    made = await providers.create(actor, draft(limits={"requests_per_minute": 60}))
    assert made.limits == ProviderLimits(requests_per_minute=60)

    kept = await providers.update(actor, "mine", patch(label="Mine"))
    changed = await providers.update(actor, "mine", patch(limits={"concurrent": 2}))
    cleared = await providers.update(actor, "mine", patch(limits=None))

    assert (kept.limits, changed.limits, cleared.limits) == (
        made.limits,
        ProviderLimits(requests_per_minute=60, concurrent=2),
        ProviderLimits(),
    )
    assert [entry.changes["limits"] for entry in await entries("provider:config:update") if "limits" in entry.changes] == [
        {"before": {"requests_per_minute": 60}, "after": {"requests_per_minute": 60, "concurrent": 2}},
        {"before": {"requests_per_minute": 60, "concurrent": 2}, "after": {}},
    ]


async def test_a_copy_has_the_limits_too(actor: Actor) -> None:
    made = await providers.create(actor, draft(limits={"requests_per_minute": 60, "concurrent": 2}))

    assert (await providers.duplicate(actor, "mine")).limits == made.limits
