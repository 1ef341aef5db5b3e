"""Keys for applications: shown once, by a way that leaves no trace in the tab."""

from typing import Any

from app.domain.actor import Actor
from app.services import client_keys
from app.ui.state.client_keys import SHOWN_ONCE, ClientKeys


async def test_a_new_key_reaches_the_page_but_no_var(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})

    [event] = tab.sent
    told = {str(name): str(value) for name, value in event.args}
    key = told["value"].strip('"')
    assert key.startswith("pb-")
    assert SHOWN_ONCE in told["ref"]
    assert key not in tab.everything()
    assert await client_keys.check(key)


async def test_mistakes_are_marked_and_nothing_is_issued(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": " ", "expires_at": ""})
    state = await tab.state(ClientKeys)
    assert set(state.errors) == {"name"}

    await tab.fire(ClientKeys.issue, {"name": "x", "expires_at": "tomorrow"})
    assert set(state.errors) == {"expires_at"}
    assert await client_keys.list_(actor) == []


async def test_a_revoked_key_leaves_the_list(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})
    state = await tab.state(ClientKeys)

    await tab.fire(ClientKeys.ask_revoke, state.keys[0].id)
    await tab.fire(ClientKeys.revoke)

    assert (state.keys, state.revoked) == ([], 1)
    await tab.fire(ClientKeys.choose_revoked, True)
    assert [key.status for key in state.keys] == ["revoked"]


async def test_the_snippets_name_our_address_and_leave_the_key_to_the_browser(tab: Any) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})

    state = await tab.state(ClientKeys)
    assert "/v1" in state.python
    assert all("{key}" in code for code in (state.python, state.javascript, state.curl))
