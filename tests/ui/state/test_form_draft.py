"""From typed fields to a draft."""

import pytest

from app.domain.capabilities import Capabilities, Support
from app.domain.errors import InvalidDraft
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
