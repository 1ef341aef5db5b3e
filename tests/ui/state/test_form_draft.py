"""From typed fields to a draft."""

import pytest

from app.domain.errors import InvalidDraft
from app.ui.state import form_draft


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
