"""From typed fields to a draft."""

import pytest

from app.domain.errors import InvalidDraft
from app.domain.providers.capabilities import Capabilities, Support
from app.ui.provider_form import form_draft


def test_secrets_leave_the_form_and_empty_ones_mean_keep() -> None:
    form = {"label": "x", "secret.api_key": "sk-1", "secret.other": ""}

    secrets = form_draft.take_secrets(form)

    assert form == {"label": "x"}
    assert {name: secret.reveal() for name, secret in secrets.items()} == {"api_key": "sk-1"}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        pytest.param("Ollama (office)", "ollama-office", id="usual"),
        pytest.param("办公室", "provider", id="other letters"),
        pytest.param("X", "provider-x", id="too short"),
        pytest.param("Test", "provider-test", id="reserved"),
        pytest.param("", "provider", id="empty"),
    ],
)
def test_every_label_gets_a_short_name(label: str, name: str) -> None:
    assert form_draft.short_name(label) == name


def test_a_label_that_is_too_long_is_marked_and_not_echoed() -> None:
    with pytest.raises(InvalidDraft) as refused:
        form_draft.new({"label": "planted " * 20}, {}, preset=None)

    assert set(form_draft.placed(refused.value.reasons)) == {"label"}
    assert "planted" not in str(refused.value.reasons)


def test_abilities_that_were_left_open_are_unknown() -> None:
    form = {
        "label": "X1",
        "capabilities.streaming": "no",
        "capabilities.tools": "unknown",
        "capabilities.test_path": " /health ",
        "capabilities.context_limit": "",
    }

    made = form_draft.new(form, {}, preset=None)

    assert made.capabilities == Capabilities(streaming=Support.NO, test_path="/health")


@pytest.mark.parametrize(("field", "typed"), [("test_path", "health?"), ("context_limit", "many"), ("context_limit", "-1")])
def test_an_ability_that_makes_no_sense_is_marked_at_its_field(field: str, typed: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        form_draft.new({"label": "X1", f"capabilities.{field}": typed}, {}, preset=None)

    assert set(form_draft.placed(refused.value.reasons)) == {f"capabilities.{field}"}


@pytest.mark.parametrize(
    ("typed", "label", "name"),
    [
        pytest.param("https://models.example.org", "models.example.org", "models-example-org", id="a name"),
        pytest.param("http://gpu-box:8000/v1", "gpu-box", "gpu-box", id="a name on this network"),
        pytest.param("http://127.0.0.1:8000/v1", "Máy chủ cục bộ", "local-server", id="this machine"),
        pytest.param("http://localhost:8000/v1", "Máy chủ cục bộ", "local-server", id="this machine by its name"),
        pytest.param("http://[::1]:8000/v1", "Máy chủ cục bộ", "local-server", id="this machine, IPv6"),
        pytest.param("http://192.168.3.4/v1", "Máy chủ cục bộ", "local-server", id="this network"),
        pytest.param("https://9.9.9.9/v1", "Nhà cung cấp tùy chỉnh", "custom-provider", id="elsewhere"),
        pytest.param("https://[2620:fe::fe]/v1", "Nhà cung cấp tùy chỉnh", "custom-provider", id="elsewhere, IPv6"),
    ],
)
def test_a_provider_nobody_named_is_never_called_by_figures(typed: str, label: str, name: str) -> None:
    made = form_draft.new(form_draft.named({"base_url": typed}, "vi"), {}, preset=None)

    assert (made.label, made.name) == (label, name)


def test_what_a_person_called_it_stays() -> None:
    assert form_draft.named({"label": "Mine", "base_url": "http://127.0.0.1:8000"}, "en")["label"] == "Mine"


def test_tags_are_typed_with_commas_and_a_form_without_the_field_leaves_them() -> None:
    typed = {"label": "Lab", "base_url": "https://api.example.com/v1", "auth_type": "none"}

    assert form_draft.new(typed | {"tags": " production，team-a;  a:b "}, {}, preset=None).tags == ["production", "team-a", "a:b"]
    assert form_draft.new(typed, {}, preset=None).tags == []
    with pytest.raises(InvalidDraft) as refused:
        form_draft.new(typed | {"tags": "fine, <b>"}, {}, preset=None)
    assert refused.value.reasons == {"tags": "Use letters, digits, “.”, “:”, “-” and “_” in a tag."}
