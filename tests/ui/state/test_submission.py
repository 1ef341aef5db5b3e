"""Test and Save in the provider form: what is typed, where the key goes, what comes back too late."""

from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft
from app.domain.providers.provider import ProviderDraft, ProviderPatch
from app.domain.secret import Secret
from app.services import credentials, models, providers
from app.ui.provider_form import form_draft
from app.ui.provider_form.form import CUSTOM, ProviderForm
from app.ui.provider_form.submission import Submission
from app.ui.session.notices import Notices
from tests.fixtures.upstream import MODELS, Upstream, answer

KEY = "sk-planted-0c4d77a1e9f3b5-Zz91"


def form(upstream: Upstream, **fields: str) -> dict[str, str]:
    typed = {
        "intent": "save",
        "auth_type": "api_key",
        "label": "Office models",
        "base_url": upstream.base_url,
        "secret.api_key": KEY,
        "name": "",
        "default_model": MODELS[0],
        "description": "",
        "first_byte_seconds": "",
    }
    return typed | {name.replace("__", "."): value for name, value in fields.items()}


@pytest.fixture
async def dialog(tab: Any) -> ProviderForm:
    """The dialog of the tab, open at Custom Provider."""
    await tab.fire(ProviderForm.add, CUSTOM)
    return await tab.state(ProviderForm)


async def test_a_test_shows_its_rungs_and_saves_nothing(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house, intent="test"))

    assert dialog.run.outcome == "ok"
    assert [line.state for line in dialog.run.lines].count("failed") == 0
    assert not dialog.testing
    assert (await providers.list_(actor)).items == []


async def test_the_key_is_in_no_var_of_the_tab(tab: Any, dialog: Any, house: Upstream) -> None:
    await tab.fire(Submission.submit, form(house, intent="test"))
    assert KEY not in tab.everything()

    await tab.fire(Submission.submit, form(house))
    assert KEY not in tab.everything()


async def test_saving_leads_to_the_models_that_were_found(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house, default_model=""))

    found = await tab.state(Submission)
    assert (dialog.step, found.found) == ("saved", MODELS)
    await tab.fire(Submission.pick, MODELS[1])
    await tab.fire(Submission.finish)
    assert await tab.opened() == ""
    saved = await providers.get(actor, "office-models")
    assert saved.default_model == MODELS[1]
    assert [m.identifier for m in await models.list_(actor, "office-models")] == sorted(MODELS)


async def test_a_failed_test_never_blocks_saving(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    house.on("/models", answer(401, {"error": {"message": "no"}}))
    await tab.fire(Submission.submit, form(house, intent="test"))
    assert dialog.run.outcome == "failed"

    await tab.fire(Submission.submit, form(house))

    assert (await providers.get(actor, "office-models")).enabled


async def test_mistakes_are_marked_at_their_fields(tab: Any, dialog: Any, house: Upstream) -> None:
    await tab.fire(Submission.submit, form(house, base_url="ftp://x", secret__api_key="sk-••••4f2a", first_byte_seconds="soon"))

    assert set(dialog.errors) == {"first_byte_seconds"}
    await tab.fire(Submission.submit, form(house, base_url="ftp://x", secret__api_key="sk-••••4f2a"))
    assert set(dialog.errors) == {"base_url", "secret.api_key"}
    assert (dialog.error_seq, dialog.step, dialog.saving) == (2, "fields", False)


async def test_a_name_that_was_not_chosen_yields_to_one_that_is_taken(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house))
    await tab.fire(ProviderForm.add, CUSTOM)

    await tab.fire(Submission.submit, form(house))

    assert {p.name for p in (await providers.list_(actor)).items} == {"office-models", "office-models-2"}


async def test_a_name_that_was_chosen_is_refused_when_it_is_taken(tab: Any, dialog: Any, house: Upstream) -> None:
    await tab.fire(Submission.submit, form(house))
    await tab.fire(ProviderForm.add, CUSTOM)

    await tab.fire(Submission.submit, form(house, name="office-models"))

    assert set(dialog.errors) == {"name"}


async def test_an_empty_key_keeps_the_stored_one(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house))
    await tab.fire(ProviderForm.edit, "office-models")
    assert dialog.key_hint == "••••Zz91"

    await tab.fire(Submission.submit, form(house, label="Renamed", secret__api_key=""))

    saved = await providers.get(actor, "office-models")
    assert (saved.label, saved.credentials[0].hint, await tab.opened()) == ("Renamed", "Zz91", "")


async def test_moving_to_another_host_asks_for_the_key_again(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house))
    await tab.fire(ProviderForm.edit, "office-models")
    await tab.fire(ProviderForm.type_address, dialog.seed, "https://elsewhere.example/v1")
    assert (dialog.going_to, dialog.replacing) == ("https://elsewhere.example:443", True)

    await tab.fire(Submission.submit, form(house, base_url="https://elsewhere.example/v1", secret__api_key=""))

    assert set(dialog.errors) == {"secret.api_key"}
    assert (await providers.get(actor, "office-models")).base_url == house.base_url


async def test_a_stale_save_shows_what_changed_and_keeps_what_was_typed(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Submission.submit, form(house))
    await tab.fire(ProviderForm.edit, "office-models")
    await providers.update(actor, "office-models", ProviderPatch(description="changed elsewhere"))

    await tab.fire(Submission.submit, form(house, label="Mine", secret__api_key=""))

    assert dialog.stale == "Note: changed elsewhere"
    assert dialog.step == "fields"
    await tab.fire(Submission.submit, form(house, label="Mine", secret__api_key=""))
    assert (await providers.get(actor, "office-models")).label == "Mine"


async def test_an_answer_that_comes_after_the_dialog_was_closed_is_dropped(tab: Any, dialog: Any, house: Upstream) -> None:
    async def close_meanwhile(line: Any, heard: Any) -> None:
        await tab.leave()
        await answer(body={"data": []})(line, heard)

    house.on("/models", close_meanwhile)

    await tab.fire(Submission.submit, form(house, intent="test"))

    assert (await tab.opened(), dialog.run.outcome, dialog.testing) == ("", "", False)
    assert (await tab.state(Notices)).text == ""


async def other(actor: Actor, house: Upstream) -> None:
    """Another provider, saved and tested already."""
    whole = {"name": "other", "label": "Other", "base_url": house.base_url, "auth_type": "none", "default_model": MODELS[0]}
    await providers.create(actor, ProviderDraft.model_validate(whole))


async def test_rungs_of_a_dialog_that_was_closed_never_show_in_the_next(tab: Any, dialog: Any, house: Upstream, actor: Actor) -> None:
    await other(actor, house)

    async def reopen_meanwhile(line: Any, heard: Any) -> None:
        await tab.leave()
        await tab.fire(ProviderForm.edit, "other")
        await answer(body={"data": []})(line, heard)

    house.on("/models", reopen_meanwhile)

    await tab.fire(Submission.submit, form(house, intent="test"))

    assert (dialog.editing, dialog.run.lines, dialog.run.outcome, dialog.testing) == ("other", [], "", False)
    assert (await tab.state(Submission)).found == []


@pytest.mark.parametrize("intent", ["test", "save"])
async def test_what_comes_back_before_the_first_rung_belongs_to_the_dialog_that_asked(
    tab: Any, dialog: Any, house: Upstream, actor: Actor, monkeypatch: pytest.MonkeyPatch, intent: str
) -> None:
    """The dialog is closed and another one opened while the form is still being read."""
    await other(actor, house)
    create = providers.create
    new = form_draft.new

    def read_slowly(*given: Any, **named: Any) -> ProviderDraft:
        dialog._clear()
        dialog.step, dialog.editing = "fields", "other"
        return new(*given, **named)

    async def save_slowly(*given: Any) -> Any:
        saved = await create(*given)
        dialog._clear()
        dialog.step, dialog.editing = "fields", "other"
        return saved

    monkeypatch.setattr(form_draft, "new", read_slowly if intent == "test" else new)
    monkeypatch.setattr(providers, "create", save_slowly)

    await tab.fire(Submission.submit, form(house, intent=intent))

    assert (dialog.step, dialog.editing, dialog.run.lines, dialog.testing) == ("fields", "other", [], False)
    assert (await tab.state(Notices)).text == ("Office models was added." if intent == "save" else "")


@pytest.mark.parametrize(("intent", "told"), [("test", False), ("save", True)])
async def test_a_mistake_of_a_dialog_that_was_closed_is_not_marked_in_the_next(
    tab: Any, dialog: Any, house: Upstream, monkeypatch: pytest.MonkeyPatch, intent: str, told: bool
) -> None:
    new = form_draft.new

    def read_slowly(*given: Any, **named: Any) -> ProviderDraft:
        dialog._clear()
        dialog.step = "fields"
        return new(*given, **named)

    monkeypatch.setattr(form_draft, "new", read_slowly)

    await tab.fire(Submission.submit, form(house, intent=intent, base_url="ftp://x"))

    assert (dialog.step, dialog.errors, dialog.error_seq) == ("fields", {}, 0)
    assert bool((await tab.state(Notices)).text) is told


async def test_several_keys_are_kept_by_an_edit_and_stay_behind_when_the_host_changes(tab: Any, house: Upstream, actor: Actor) -> None:
    secret = CredentialDraft(secret={"api_key": Secret(KEY)})
    draft = ProviderDraft(name="acme", label="Acme", base_url="https://93.184.216.34/v1", credential=secret)
    await providers.create(actor, draft)
    await credentials.add(actor, "acme", CredentialDraft(secret={"api_key": Secret(f"{KEY}-two")}))
    await tab.fire(ProviderForm.edit, "acme")
    dialog = await tab.state(ProviderForm)
    assert (dialog.keys, dialog.has_key, dialog.going_to) == (2, True, "")

    typed = form(house, label="Acme two", base_url="https://93.184.216.34/v1", secret__api_key="", name="acme", default_model="")
    await tab.fire(Submission.submit, typed)
    saved = await providers.get(actor, "acme")
    assert (saved.label, [k.state for k in saved.credentials]) == ("Acme two", ["active", "active"])

    await tab.fire(ProviderForm.edit, "acme")
    await tab.fire(ProviderForm.type_address, dialog.seed, "https://93.184.216.35/v1")
    assert dialog.going_to == "https://93.184.216.35:443"
    await tab.fire(Submission.submit, typed | {"base_url": "https://93.184.216.35/v1"})
    moved = await providers.get(actor, "acme")
    assert (moved.base_url, [k.state for k in moved.credentials]) == ("https://93.184.216.35/v1", ["unreadable", "unreadable"])
