"""What a card and a rung of the ladder say."""

import pytest

from app.domain.actor import Actor
from app.domain.probes.probe import ProbeStep, StepName
from app.domain.providers.provider import ProviderDraft
from app.services import providers
from app.ui.probe.run import line
from app.ui.provider.card import card, kind_of
from tests.fixtures.databases import only_sqlite


@pytest.mark.parametrize(
    ("name", "finding", "ok", "state"),
    [
        pytest.param(StepName.DNS, "look_up_not_needed", True, "skipped", id="nothing to look up"),
        pytest.param(StepName.TLS, "not_encrypted", True, "skipped", id="nothing to secure"),
        pytest.param(StepName.CREDENTIAL, "key_not_needed", True, "skipped", id="no key to try"),
        pytest.param(StepName.TLS, "secure", True, "ok", id="shown"),
        pytest.param(StepName.MODELS, "no_model_list", None, "noted", id="worth a note"),
        pytest.param(StepName.PORT, "connection_refused", False, "failed", id="failed"),
    ],
)
def test_only_what_was_tried_and_passed_has_a_tick(name: StepName, finding: str, ok: bool | None, state: str) -> None:
    assert line(ProbeStep(name=name, ok=ok, ms=0.2, message=finding), "en").state == state


@only_sqlite
@pytest.mark.parametrize(
    ("language", "short", "whole"), [("en", "Custom", "Custom provider"), ("vi", "Tùy chỉnh", "Nhà cung cấp tùy chỉnh")]
)
async def test_on_a_card_a_custom_provider_leaves_room_for_its_model(
    db: object, actor: Actor, language: str, short: str, whole: str
) -> None:
    saved = await providers.create(actor, ProviderDraft(name="mine", base_url="http://127.0.0.1:9/v1", auth_type="none"))

    assert (card(saved, None, language).kind, kind_of(saved, None, language)) == (short, whole)
