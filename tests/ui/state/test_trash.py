"""The trash in a tab: what is in it, what comes back, and a question before something goes for good."""

from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.providers.provider import ProviderDraft
from app.services import providers
from app.ui import i18n
from app.ui.kit.dialogs import Dialogs
from app.ui.pages.trash.trash import Trash
from app.ui.session.notices import Notices
from tests.fixtures.databases import only_sqlite

pytestmark = only_sqlite


@pytest.fixture
async def trash(tab: Any, actor: Actor) -> Any:
    draft = {"name": "mine", "label": "Mine", "base_url": "https://mine.example/v1", "auth_type": "none", "models": ["a", "b"]}
    await providers.create(actor, ProviderDraft.model_validate(draft))
    await providers.delete(actor, "mine")
    await tab.fire(Trash.load)
    return await tab.state(Trash)


async def test_it_shows_what_was_deleted(trash: Any) -> None:
    [one] = trash.gone

    assert (one.label, one.address, one.key_count, one.model_count, one.led_to) == ("Mine", "mine.example/v1", 0, 2, "")
    assert one.deleted_at[:10] < one.goes_on


async def test_one_press_brings_it_back(tab: Any, trash: Any, actor: Actor) -> None:
    await tab.fire(Trash.restore, trash.gone[0].id)

    assert (trash.gone, (await providers.get(actor, "mine")).label) == ([], "Mine")
    assert (await tab.state(Notices)).text == i18n.say("en", "trash.restored", name="Mine")


async def test_it_asks_before_something_goes_for_good(tab: Any, trash: Any, actor: Actor) -> None:
    await tab.fire(Trash.ask, trash.gone[0].id)
    assert trash.doomed_label == "Mine"
    await tab.leave()
    await tab.fire(Trash.purge)
    assert len(await providers.in_trash(actor)) == 1

    await tab.fire(Trash.ask, trash.gone[0].id)
    await tab.fire(Trash.purge)

    assert (trash.gone, await tab.opened(), await providers.in_trash(actor)) == ([], "", [])
    assert (await tab.state(Notices)).text == i18n.say("en", "trash.purged", name="Mine")


async def test_what_somebody_else_restored_meanwhile_is_said(tab: Any, trash: Any, actor: Actor) -> None:
    await tab.fire(Trash.ask, trash.gone[0].id)
    await providers.restore(actor, "mine")

    await tab.fire(Trash.purge)

    assert (await tab.state(Dialogs)).gone
    assert (await providers.get(actor, "mine")).label == "Mine"
