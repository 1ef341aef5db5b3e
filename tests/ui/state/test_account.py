"""One's own password: the present one is asked, every other session ends, and what was done is in the audit."""

from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import NotSignedIn
from app.domain.secret import Secret
from app.services import audit, sessions
from app.ui import i18n
from app.ui.session.notices import Notices
from app.ui.shell.account import PASSWORD as ACCOUNT
from app.ui.shell.account import Account
from tests.ui.state.conftest import PASSWORD, Tab

NEW = "another horse and another staple"


async def change(tab: Any, old: str, new: str) -> Any:
    await tab.fire(Account.ask)
    await tab.fire(Account.change, {"old_password": old, "new_password": new})
    return await tab.state(Account)


async def sign_in(password: str) -> str:
    return (await sessions.sign_in("ada@example.org", Secret(password), ip="127.0.0.1", agent="tests")).token


async def test_the_new_password_counts_and_only_this_session_stays(tab: Any, actor: Actor) -> None:
    elsewhere = await sign_in(PASSWORD)
    here = tab.root.router_data["headers"]["cookie"].partition("=")[2]
    state = await change(tab, PASSWORD, NEW)

    assert (await tab.opened(), state.errors) == ("", {})
    assert (await tab.state(Notices)).text == i18n.say("en", "account.changed")
    assert (await sessions.is_alive(here), await sessions.is_alive(elsewhere)) == (True, False)
    with pytest.raises(NotSignedIn):
        await sign_in(PASSWORD)
    assert await sign_in(NEW)
    assert Action.USER_PASSWORD in {item.action for item in (await audit.page(actor)).items}
    assert PASSWORD not in tab.everything() and NEW not in tab.everything()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param("not it at all", NEW, "old_password", id="wrong"),
        pytest.param("", NEW, "old_password", id="missing"),
        pytest.param(PASSWORD, "short", "new_password", id="short"),
        pytest.param(PASSWORD, "", "new_password", id="empty"),
    ],
)
async def test_a_mistake_stands_at_its_field_and_changes_nothing(tab: Any, old: str, new: str, field: str) -> None:
    state = await change(tab, old, new)

    assert (await tab.opened(), set(state.errors), state.error_seq) == (ACCOUNT, {field}, 1)
    assert await sign_in(PASSWORD)


async def test_nobody_changes_a_password_without_having_opened_the_dialog(tab: Tab) -> None:
    await tab.fire(Account.change, {"old_password": PASSWORD, "new_password": NEW})

    assert await sign_in(PASSWORD)
