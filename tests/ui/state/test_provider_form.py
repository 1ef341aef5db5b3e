"""The dialog of a provider: preview while typing, switching the vendor, closing with something typed."""

from typing import Any

import pytest

from app.domain.providers.provider import ProviderDraft
from app.services import providers
from app.ui.presets.gallery import Gallery
from app.ui.provider_form.abilities_state import Abilities
from app.ui.provider_form.form import CUSTOM, ProviderForm


@pytest.fixture
async def dialog(tab: Any) -> Any:
    """The dialog of the tab, open at the choice."""
    await tab.fire(ProviderForm.add, "")
    return await tab.state(ProviderForm)


@pytest.mark.parametrize(
    ("typed", "calls_to", "notes", "local"),
    [
        pytest.param("https://x.example/v1", "https://x.example/v1/chat/completions", [], False, id="as it is"),
        pytest.param("localhost:11434", "http://localhost:11434/v1/chat/completions", ["scheme_added", "version_added"], True, id="local"),
        pytest.param("https://x.example/v1/v1", "https://x.example/v1/chat/completions", ["version_doubled"], False, id="doubled"),
        pytest.param(
            "https://x.example/v1/chat/completions", "https://x.example/v1/chat/completions", ["path_trimmed"], False, id="too long"
        ),
        pytest.param("https://", "", [], False, id="unfinished"),
    ],
)
async def test_the_form_says_where_calls_will_go(tab: Any, dialog: Any, typed: str, calls_to: str, notes: list[str], local: bool) -> None:
    await tab.fire(ProviderForm.choose, CUSTOM)

    await tab.fire(ProviderForm.type_address, dialog.seed, typed)

    assert (dialog.calls_to, dialog.notes, dialog.is_local) == (calls_to, notes, local)


async def test_a_known_provider_asks_only_for_what_it_needs(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "groq")

    assert [(ask.name, ask.secret) for ask in dialog.asks] == [("secret.api_key", True)]
    assert dialog.address_folded
    assert (dialog.label, dialog.calls_to) == ("Groq", "https://api.groq.com/openai/v1/chat/completions")


async def test_an_address_that_must_be_filled_in_shows_with_what_to_replace(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "azure-openai")

    assert (dialog.address_folded, dialog.calls_to) == (False, "")
    assert dialog.address_error == "Replace {resource} in the address with your own value."

    await tab.fire(ProviderForm.type_address, dialog.seed, "https://mine.openai.azure.com/openai/v1")

    assert (dialog.address_error, dialog.calls_to) == ("", "https://mine.openai.azure.com/openai/v1/chat/completions")


async def test_an_api_at_the_root_of_its_host_gets_no_version(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "perplexity")

    assert (dialog.calls_to, dialog.notes) == ("https://api.perplexity.ai/chat/completions", [])


async def test_what_was_added_to_an_address_can_be_left_out_and_put_back(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, CUSTOM)
    await tab.fire(ProviderForm.type_address, dialog.seed, "https://x.example")

    await tab.fire(ProviderForm.choose_root, True)
    assert (dialog.calls_to, dialog.notes) == ("https://x.example/chat/completions", ["at_root"])

    await tab.fire(ProviderForm.choose_root, False)
    assert (dialog.calls_to, dialog.notes) == ("https://x.example/v1/chat/completions", ["version_added"])


async def test_a_custom_provider_may_sign_in_by_a_header_of_its_own(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, CUSTOM)
    assert (dialog.auth_types[0], dialog.auth_types[-1], "custom_header" in dialog.auth_types) == ("api_key", "none", True)

    await tab.fire(ProviderForm.choose_auth, "custom_header")

    assert [(ask.name, ask.secret) for ask in dialog.asks] == [("auth.header_name", False), ("secret.header_value", True)]


async def test_editing_shows_the_name_of_the_header_and_another_way_to_sign_in_asks_for_its_own_key(tab: Any, actor: Any) -> None:
    header = {"auth_type": "custom_header", "auth": {"header_name": "X-Api-Key"}, "credential": {"secret": {"header_value": "Basic abc"}}}
    await providers.create(
        actor, ProviderDraft.model_validate({"name": "mine", "base_url": "https://93.184.216.34", "at_root": True} | header)
    )

    await tab.fire(ProviderForm.edit, "mine")
    dialog = await tab.state(ProviderForm)
    assert ([ask.value for ask in dialog.asks], dialog.has_key, dialog.at_root) == (["X-Api-Key", ""], True, True)

    await tab.fire(ProviderForm.choose_auth, "api_key")
    assert not dialog.has_key
    await tab.fire(ProviderForm.choose_auth, "custom_header")
    assert dialog.has_key


async def test_the_vendors_abilities_are_shown_until_somebody_says_otherwise(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "openai")
    abilities = await tab.state(Abilities)
    assert (abilities.own["streaming"], abilities.vendor["streaming"], abilities.counts["streaming"]) == ("unknown", "yes", "yes")

    await tab.fire(Abilities.choose, "streaming", "no")
    assert (abilities.counts["streaming"], abilities.known) == ("no", True)

    await tab.fire(ProviderForm.choose, CUSTOM)
    assert (set(abilities.counts.values()), abilities.known) == ({"unknown"}, False)


async def test_the_gallery_says_what_each_vendor_needs(tab: Any, dialog: Any) -> None:
    gallery = await tab.state(Gallery)
    needs = {tile.id: tile.needs for tile in [*gallery.local, *gallery.cloud]}

    assert (needs["ollama"], needs["openai"], needs["azure-openai"]) == ("nothing", "key", "address")


async def test_a_local_one_needs_no_key(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "ollama")

    assert (dialog.auth_type, dialog.asks, dialog.is_local) == ("none", [], True)


async def test_choosing_another_vendor_keeps_a_name_that_was_typed(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "groq")
    await tab.fire(ProviderForm.type_label, dialog.seed, "Fast ones")
    await tab.fire(ProviderForm.back)

    await tab.fire(ProviderForm.choose, "mistral")

    assert (dialog.label, dialog.preset) == ("Fast ones", "mistral")


async def test_choosing_another_vendor_takes_over_its_name_when_none_was_typed(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "groq")

    await tab.fire(ProviderForm.choose, "mistral")

    assert dialog.label == "Mistral"


async def test_an_address_that_arrives_after_another_choice_is_dropped(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, CUSTOM)
    typed_in = dialog.seed
    await tab.fire(ProviderForm.choose, "groq")

    await tab.fire(ProviderForm.type_address, typed_in, "https://late.example/v1")

    assert dialog.calls_to == "https://api.groq.com/openai/v1/chat/completions"


async def test_another_token_server_or_region_asks_for_the_secret_again(tab: Any, actor: Any) -> None:
    fields = {"client_id": "patchbay", "token_url": "https://93.184.216.34/token"}
    oauth = {"auth_type": "oauth", "auth": fields, "credential": {"secret": {"client_secret": "secret-of-a-client-1"}}}
    await providers.create(actor, ProviderDraft.model_validate({"name": "mine", "base_url": "https://93.184.216.34/v1"} | oauth))
    await tab.fire(ProviderForm.edit, "mine")
    dialog = await tab.state(ProviderForm)
    assert (dialog.key_id != "", dialog.going_to, dialog.replacing) == (True, "", False)

    await tab.fire(ProviderForm.type_field, dialog.seed, "token_url", "https://93.184.216.35/token")

    assert (dialog.going_to, dialog.replacing) == ("https://93.184.216.35:443", True)


async def test_project_and_location_make_the_address(tab: Any, dialog: Any) -> None:
    await tab.fire(ProviderForm.choose, "vertex")
    assert (dialog.address_folded, [ask.word for ask in dialog.asks if ask.multiline]) == (True, ["service_account"])

    await tab.fire(ProviderForm.type_field, dialog.seed, "project", "demo-1")
    await tab.fire(ProviderForm.type_field, dialog.seed, "location", "us-central1")
    assert dialog.calls_to.startswith("https://us-central1-aiplatform.googleapis.com/v1/projects/demo-1/")

    await tab.fire(ProviderForm.choose_auth, "api_key")
    assert not dialog.address_folded
