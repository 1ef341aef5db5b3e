"""The audit in sentences."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.actor import SYSTEM, Actor, Scope
from app.domain.audit import Action, AuditActor, AuditItem, AuditTarget, Outcome
from app.domain.people.people import ClientKeyPatch
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, denials, models, providers
from app.services.audit import Names
from app.storage.work import work
from app.ui import i18n
from app.ui.history import audit_words
from app.ui.history.audit import Audit
from tests.fixtures import make
from tests.fixtures.databases import Database
from tests.fixtures.upstream import Upstream

NAMES = Names()


def entry(item: AuditItem, language: str, names: Names = NAMES) -> audit_words.Entry:
    return audit_words.entry(item, language, names)


def item(action: str, changes: dict[str, Any]) -> AuditItem:
    return AuditItem(
        seq=7,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        actor=AuditActor(type="user", id="u", name="Ada"),
        action=action,
        target=AuditTarget(type="provider", id="p", name="groq"),
        outcome=Outcome.OK,
        changes=changes,
        request_id="",
    )


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        pytest.param({"label": {"before": "A", "after": "B"}}, ["Name: A → B"], id="changed"),
        pytest.param({"label": {"before": None, "after": "B"}}, ["Name: B"], id="set"),
        pytest.param({"default_model": {"before": "m", "after": None}}, ["Default model: m → empty"], id="cleared"),
        pytest.param({"enabled": {"before": True, "after": False}}, ["Turned on: Yes → No"], id="yes and no"),
        pytest.param({"tags": {"before": [], "after": []}}, [], id="nothing"),
        pytest.param({"version": {"before": 1, "after": 2}}, [], id="the version says nothing to a reader"),
        pytest.param({"api_key": {"op": "rotate", "fp_before": "aa", "fp_after": "bb", "destination": "x"}}, ["Key replaced"], id="key"),
        pytest.param({"models": {"added": ["a", "b"], "removed": []}}, ["Models: added a, b"], id="models"),
        pytest.param(
            {"capabilities": {"before": {}, "after": {"streaming": "no", "test_path": "/health"}}},
            ["Capabilities: empty → Streaming: No, Test path: /health"],
            id="parts",
        ),
        pytest.param(
            {"auth": {"before": None, "after": {"header_name": "X-Api-Key"}}},
            ["Authentication fields: Header name: X-Api-Key"],
            id="header",
        ),
        pytest.param(
            {"targets": {"before": ["1. lab/gpt-4o ×2"], "after": []}},
            ["Targets: lab/gpt-4o (priority 1, weight 2) → empty"],
            id="a target of an alias",
        ),
        pytest.param({"models": {"added": []}}, [], id="no models of a new one"),
        pytest.param({"models": {"added": ["a"]}}, ["Models: added a"], id="models of a new one"),
        pytest.param({"network": {"before": {}, "after": {}}}, [], id="no parts"),
        pytest.param({"scope": {"before": None, "after": "gateway"}}, ["Permissions: Call models"], id="a value with words of its own"),
        pytest.param({"preset": {"before": None, "after": "lm-studio"}}, ["Vendor: LM Studio"], id="a preset by its label"),
        pytest.param({"verdict": "no_model_list", "proven": []}, ["Result: No model list"], id="no list, and no answer"),
        pytest.param(
            {"verdict": "no_model_list", "proven": ["chat"]},
            ["Result: Everything works", "Confirmed: Chat works"],
            id="no list, and an answer",
        ),
        pytest.param({"preset": {"before": "gone-by-now", "after": None}}, ["Vendor: gone-by-now → empty"], id="a preset that is gone"),
    ],
)
def test_changes_read_like_sentences(changes: dict[str, Any], lines: list[str]) -> None:
    assert entry(item("provider:config:update", changes), "en").changes == lines


def test_an_entry_says_who_did_what_to_which() -> None:
    found = entry(item("provider:config:update", {}), "en")

    assert (found.who, found.what, found.target, found.rest) == ("Ada", "changed provider ", "groq", "")


@pytest.mark.parametrize("language", i18n.languages())
@pytest.mark.parametrize("action", [*Action, "action:of:tomorrow"])
def test_the_sentence_of_every_action_says_its_target_in_its_place(action: str, language: str) -> None:
    told = entry(item(action, {}), language)
    sentence = i18n.say_code(language, "action", action.replace(":", "_"), target="groq")

    assert told.what + told.target + told.rest == sentence
    assert sentence == sentence.strip()
    assert not sentence.endswith((":", "：", "，"))


@pytest.mark.parametrize("language", i18n.languages())
def test_a_target_without_a_name_is_named_in_words(language: str) -> None:
    failed = item("user:session:fail", {}).model_copy(
        update={"actor": AuditActor(type="anonymous", id="", name=""), "target": AuditTarget(type="user", id="", name="unknown account")}
    )
    many = item("provider:batch:test", {}).model_copy(update={"target": AuditTarget(type="provider", id="", name="")})

    assert entry(failed, language).target == i18n.say(language, "audit.unknown_account")
    assert entry(failed, language).who == i18n.say(language, "audit.by_anonymous")
    assert entry(many, language).target == i18n.say(language, "audit.several_providers")


@pytest.mark.parametrize(
    ("label", "said"),
    [pytest.param("办公室", "添加了提供商办公室", id="Chinese"), pytest.param("Groq", "添加了提供商 Groq", id="Latin")],
)
def test_in_chinese_a_space_stands_beside_latin_letters_only(label: str, said: str) -> None:
    told = entry(item(Action.PROVIDER_CREATE, {}), "zh", Names(of_provider={"groq": label}))

    assert f"{told.what}{told.target}{told.rest}" == said


def test_providers_that_failed_a_batch_are_called_by_their_labels() -> None:
    many = item(Action.PROVIDER_TEST_MANY, {"not_passed": ["groq", "gone"]})
    told = entry(
        many.model_copy(update={"target": AuditTarget(type="provider", id="", name="")}), "en", Names(of_provider={"groq": "Groq"})
    )

    assert (told.target, told.changes) == ("several providers", ["Failed: Groq, gone"])


def test_having_no_default_provider_any_more_is_a_sentence_of_its_own() -> None:
    found = entry(item("provider:default:set", {"default": {"before": "p", "after": None}}), "en")

    assert (found.what, found.target) == (i18n.say("en", "action.provider_default_clear"), "")


async def test_the_page_lists_filters_and_verifies(tab: Any, actor: Actor) -> None:
    await providers.create(actor, ProviderDraft(name="lab", label="Lab", base_url="https://x.example/v1", auth_type="none"))
    await tab.fire(Audit.load)
    state = await tab.state(Audit)
    assert (state.entries[0].what, state.entries[0].target) == ("added provider ", "Lab")

    await tab.fire(Audit.choose_group, "access")
    assert {e.what for e in state.entries} >= {"signed in"}
    assert "added provider " not in {e.what for e in state.entries}

    await tab.fire(Audit.verify)
    assert state.intact
    assert state.checked == i18n.say("en", "audit.verified", n=4)


async def test_rows_that_were_changed_outside_are_named_with_the_verdict(tab: Any, actor: Actor, house: Upstream, db: Database) -> None:
    await client_keys.issue(actor, "reports", Scope.GATEWAY)
    db.run("UPDATE client_key SET scope = 'admin'")

    await tab.fire(Audit.verify)

    state = await tab.state(Audit)
    assert (state.intact, state.checked) == (False, i18n.say("en", "audit.rows_refused", n=1, names="reports"))


async def test_entries_speak_in_names_and_words_in_every_language(tab: Any, actor: Actor, house: Upstream) -> None:
    """No id, no short name where there is a label, no code and no 0 for no limit, whatever was done."""
    own = {"base_url": house.base_url, "auth_type": "api_key"}
    key = {"secret": {"api_key": make.SECRET}, "label": "Main"}
    drafts = [
        {"name": name, "label": label, "credential": key, **own}
        for name, label in (("slug-one", "First Desk"), ("slug-two", "Second Desk"))
    ]
    first, _ = [await providers.create(actor, ProviderDraft.model_validate(draft)) for draft in drafts]
    await providers.set_default(actor, "slug-one")
    await providers.set_default(actor, "slug-two")
    await models.sync(actor, "slug-one", add=["alpha", "beta"])
    await models.sync(actor, "slug-one", remove=["beta"])
    app = await client_keys.issue(actor, "Website", Scope.GATEWAY, providers=["slug-one"], requests_per_minute=5)
    await client_keys.update(actor, app.client_key.id, ClientKeyPatch(requests_per_minute=0))
    await providers.duplicate(actor, "slug-one", new_name="slug-three", label="Third Desk")
    await denials.record(actor, "submission.submit")
    async with work(SYSTEM) as doing:
        out = {"credential_id": first.credentials[0].id, "reason": {"before": None, "after": "refused (401)"}}
        doing.record(Action.KEY_AUTO_DISABLE, target=("provider", first.id, first.name), changes=out)
    await providers.delete(actor, "slug-two")

    for language in i18n.languages():
        (await tab.state(i18n.Language)).code = language
        await tab.fire(Audit.load)
        told = "\n".join(f"{e.what}{e.target}{e.rest}\n" + "\n".join(e.changes) for e in (await tab.state(Audit)).entries)
        assert [word for word in ("slug-", "refused (", "submission", "_", "+1", "−0") if word in told] == []
        assert re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}", told) == []
        assert all(name in told for name in ("First Desk", "Second Desk", "Third Desk", "alpha", "Website"))
        assert i18n.say(language, "form.no_limit") in told
        assert i18n.say(language, "audit.refused_with", status="401") in told
