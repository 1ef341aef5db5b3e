"""The audit in sentences."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.audit import AuditActor, AuditItem, AuditTarget, Outcome
from app.domain.provider import ProviderDraft
from app.services import providers
from app.ui.state.audit import Audit, entry


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
        pytest.param({"enabled": {"before": True, "after": False}}, ["On: Yes → No"], id="yes and no"),
        pytest.param({"tags": {"before": [], "after": []}}, [], id="nothing"),
        pytest.param({"version": {"before": 1, "after": 2}}, [], id="the version says nothing to a reader"),
        pytest.param({"api_key": {"op": "rotate", "fp_before": "aa", "fp_after": "bb", "destination": "x"}}, ["Key replaced"], id="key"),
        pytest.param({"models": {"added": ["a", "b"], "removed": []}}, ["Models: +2 −0"], id="models"),
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
        pytest.param({"models": {"added": []}}, [], id="no models of a new one"),
        pytest.param({"models": {"added": ["a"]}}, ["Models: +1 −0"], id="models of a new one"),
        pytest.param({"network": {"before": {}, "after": {}}}, [], id="no parts"),
        pytest.param({"scope": {"before": None, "after": "gateway"}}, ["May: Call models"], id="a value with words of its own"),
        pytest.param({"preset": {"before": None, "after": "lm-studio"}}, ["Vendor: LM Studio"], id="a preset by its label"),
        pytest.param({"preset": {"before": "gone-by-now", "after": None}}, ["Vendor: gone-by-now → empty"], id="a preset that is gone"),
    ],
)
def test_changes_read_like_sentences(changes: dict[str, Any], lines: list[str]) -> None:
    assert entry(item("provider:config:update", changes), "en").changes == lines


def test_an_entry_says_who_did_what_to_which() -> None:
    found = entry(item("provider:config:update", {}), "en")

    assert (found.who, found.what, found.target) == ("Ada", "changed the provider", "groq")


async def test_the_page_lists_filters_and_verifies(tab: Any, actor: Actor) -> None:
    await providers.create(actor, ProviderDraft(name="lab", base_url="https://x.example/v1", auth_type="none"))
    await tab.fire(Audit.load)
    state = await tab.state(Audit)
    assert state.entries[0].what == "added the provider"

    await tab.fire(Audit.choose_group, "access")
    assert {e.what for e in state.entries} >= {"signed in"}
    assert "added the provider" not in {e.what for e in state.entries}

    await tab.fire(Audit.verify)
    assert state.intact
    assert "checked" in state.checked
