"""People: what is done is what is said, and what others do is seen."""

from typing import Any

from app import registry
from app.domain.actor import Actor, Role
from app.domain.secret import Secret
from app.services import people
from app.ui import i18n
from app.ui.pages.people.people import People
from app.ui.session.notices import Notices
from tests.ui.state.conftest import PASSWORD


async def test_switching_a_person_off_and_on_says_what_was_done(tab: Any, actor: Actor) -> None:
    user = await people.create(actor, "joe@example.org", "Joe", Role.VIEWER, Secret(PASSWORD))
    await tab.fire(People.load)
    notices = await tab.state(Notices)

    await tab.fire(People.switch, user.id, False)
    assert (notices.level, notices.text) == ("success", i18n.say("en", "done.person_disabled", name="Joe"))
    await tab.fire(People.switch, user.id, True)
    assert (notices.level, notices.text) == ("success", i18n.say("en", "done.person_enabled", name="Joe"))


async def test_every_change_of_a_person_is_news_to_open_pages(house: Any, actor: Actor) -> None:
    seen = [registry.shared.snapshot.revision]
    user = await people.create(actor, "joe@example.org", "Joe", Role.VIEWER, Secret(PASSWORD))
    seen.append(registry.shared.snapshot.revision)
    await people.disable(actor, user.id)
    seen.append(registry.shared.snapshot.revision)
    await people.enable(actor, user.id)
    seen.append(registry.shared.snapshot.revision)

    assert seen == sorted(set(seen))
