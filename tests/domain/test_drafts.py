"""The rules of a draft, without database or network."""

import pytest

from app.domain.credentials.auth_field import AuthField, AuthTypeInfo, FieldKind
from app.domain.credentials.credential import CredentialDraft
from app.domain.errors import InvalidDraft, Reason
from app.domain.providers.drafts import free_name, patched, settle
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderDraft, ProviderPatch, ProviderType

KEY = AuthField(name="api_key", kind=FieldKind.SECRET, required=True, label="API key")
NAME = AuthField(name="header_name", kind=FieldKind.TEXT, required=True, label="Header name")
TYPES = {
    "api_key": AuthTypeInfo(name="api_key", label="api_key", fields=(KEY,)),
    "none": AuthTypeInfo(name="none", label="none", fields=()),
    "header": AuthTypeInfo(name="header", label="header", fields=(NAME, KEY)),
}
GROQ = Preset(id="groq", label="Groq", type=ProviderType.OPENAI, base_url="https://api.groq.com/openai/v1", auth_type="api_key")
LOCAL = Preset(id="ollama", label="Ollama", type=ProviderType.OPENAI, base_url="http://localhost:11434/v1", auth_type="none")
URL = "https://api.example.com/v1"


def draft(**fields: object) -> ProviderDraft:
    return ProviderDraft.model_validate({"name": "mine", "base_url": URL, **fields})


def refused(made: ProviderDraft, preset: Preset | None = None) -> dict[str, str]:
    with pytest.raises(InvalidDraft) as caught:
        settle(made, preset=preset, types=TYPES)
    return caught.value.reasons


def test_a_custom_provider_needs_an_address_and_falls_back_to_nobodys() -> None:
    assert set(refused(draft(base_url=""))) == {"base_url"}


def test_a_known_vendor_needs_no_address() -> None:
    settled = settle(draft(base_url="", preset="groq"), preset=GROQ, types=TYPES)

    assert (settled.address.base_url, settled.type, settled.label) == (GROQ.base_url, ProviderType.OPENAI, "Groq")


def test_the_auth_type_of_the_preset_holds_unless_another_is_chosen() -> None:
    assert settle(draft(preset="ollama"), preset=LOCAL, types=TYPES).auth_type == "none"
    assert settle(draft(preset="ollama", auth_type="api_key"), preset=LOCAL, types=TYPES).auth_type == "api_key"


def test_a_type_that_contradicts_the_preset_is_refused() -> None:
    assert set(refused(draft(preset="groq", type="custom"), GROQ)) == {"type"}


def test_every_field_that_breaks_a_rule_is_named_at_once() -> None:
    made = draft(name="Bad Name", base_url="ftp://x", credential={"secret": {"api_key": "••••4f2a"}})

    assert set(refused(made)) == {"name", "base_url", "credential.secret.api_key"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param({"auth_type": "magic"}, "auth_type", id="unknown auth type"),
        pytest.param({"auth": {"region": "x"}}, "auth", id="unknown auth field"),
        pytest.param({"auth_type": "header"}, "auth.header_name", id="missing auth field"),
        pytest.param({"auth_type": "none", "credential": {"secret": {"api_key": "x"}}}, "credential.secret", id="secret nobody reads"),
        pytest.param({"credential": None}, "credential", id="null is no way to clear"),
        pytest.param({"only_listed_models": True, "default_model": "b", "models": ["a"]}, "default_model", id="default not listed"),
    ],
)
def test_a_broken_rule_names_its_field(fields: dict[str, object], place: str) -> None:
    assert place in refused(draft(**fields))


def test_an_empty_secret_means_keep() -> None:
    assert settle(draft(credential={"secret": {"api_key": "  "}}), preset=None, types=TYPES).secrets == {}


def test_models_and_tags_are_listed_once() -> None:
    settled = settle(draft(models=["a", {"identifier": "b"}, "a"], tags=["x", "x"]), preset=None, types=TYPES)

    assert ([m.identifier for m in settled.models], settled.tags) == (["a", "b"], ["x"])


def test_a_patch_keeps_what_it_does_not_name_and_null_clears() -> None:
    current = draft(description="old", tags=["x"], default_model="m")

    after = patched(current, ProviderPatch.model_validate({"description": None, "default_model": None, "label": "New"}))

    assert (after.description, after.default_model, after.label, after.tags) == ("", None, "New", ["x"])


@pytest.mark.parametrize(
    ("patch", "default"),
    [
        pytest.param({"models": ["a", "b"]}, None, id="taken off"),
        pytest.param({"models": []}, None, id="all taken off"),
        pytest.param({"models": None}, None, id="cleared"),
        pytest.param({"models": ["b", {"identifier": "m"}]}, "m", id="still listed"),
        pytest.param({"models": ["b"], "default_model": "b"}, "b", id="another one named"),
        pytest.param({"models": ["b"], "default_model": "m"}, "m", id="kept on purpose"),
        pytest.param({"label": "New"}, "m", id="another change"),
    ],
)
def test_a_patch_leaves_no_default_model_that_it_took_off_the_list(patch: dict[str, object], default: str | None) -> None:
    current = draft(default_model="m", models=["a", "m"])

    assert patched(current, ProviderPatch.model_validate(patch)).default_model == default


def test_a_default_model_that_was_never_listed_is_nobodys_to_take_off() -> None:
    current = draft(default_model="elsewhere", models=["a"])

    assert patched(current, ProviderPatch.model_validate({"models": ["b"]})).default_model == "elsewhere"


@pytest.mark.parametrize("field", ["enabled", "auth_type"])
def test_a_patch_cannot_clear_what_must_be_there(field: str) -> None:
    with pytest.raises(InvalidDraft, match="cannot be empty"):
        patched(draft(), ProviderPatch.model_validate({field: None}))


def test_another_auth_type_leaves_the_fields_of_the_old_one_behind() -> None:
    current = draft(auth_type="header", auth={"header_name": "X-Key"})

    assert patched(current, ProviderPatch(auth_type="api_key")).auth == {}


def test_a_settled_draft_does_not_show_its_secret() -> None:
    settled = settle(draft(credential=CredentialDraft.model_validate({"secret": {"api_key": "sk-planted-1"}})), preset=None, types=TYPES)

    assert "sk-planted-1" not in repr(settled)


def test_a_free_name_is_neither_taken_nor_reserved() -> None:
    assert free_name("groq", {"groq", "groq-2"}) == "groq-3"
    assert free_name("test", set()) == "test-2"


def test_a_field_of_the_auth_type_is_held_against_its_own_rule() -> None:
    strict = NAME.model_copy(update={"wrong": lambda text: Reason("header_name", "No.") if " " in text else None})
    types = {"header": AuthTypeInfo(name="header", label="header", fields=(strict, KEY))}

    with pytest.raises(InvalidDraft) as caught:
        settle(draft(auth_type="header", auth={"header_name": "two words"}), preset=None, types=types)

    assert set(caught.value.reasons) == {"auth.header_name"}
    assert settle(draft(auth_type="header", auth={"header_name": "One"}), preset=None, types=types).auth == {"header_name": "One"}


def test_a_scheme_before_a_secret_stays_where_it_belongs_to_it() -> None:
    whole = KEY.model_copy(update={"has_scheme": True})
    typed = draft(auth_type="k", credential=CredentialDraft.model_validate({"secret": {"api_key": ' "Bearer abc-123" '}}))

    kept = settle(typed, preset=None, types={"k": AuthTypeInfo(name="k", label="k", fields=(whole,))})
    cut = settle(typed, preset=None, types={"k": AuthTypeInfo(name="k", label="k", fields=(KEY,))})

    assert (kept.secrets["api_key"].reveal(), cut.secrets["api_key"].reveal()) == ("Bearer abc-123", "abc-123")


def test_an_address_without_a_path_stays_as_it_is_when_a_person_says_so() -> None:
    assert settle(draft(base_url="https://x.example"), preset=None, types=TYPES).address.base_url == "https://x.example/v1"
    assert settle(draft(base_url="https://x.example", at_root=True), preset=None, types=TYPES).address.base_url == "https://x.example"
