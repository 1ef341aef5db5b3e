"""What stays of a tab when it closes."""

import pytest
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

from app import main
from app.ui.session import sockets
from app.ui.session.session import SessionState
from app.ui.session.sockets import Sockets


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    """The sockets of the product, with no tab and no state."""
    monkeypatch.setattr(main.app, "_state_manager", StateManagerMemory())
    found = Sockets("/_event", main.app)
    assert type(sockets.of(main.app)) is Sockets
    return found


async def state(token: str, *, owner: str) -> str:
    """Make a tab's state; its key."""
    key = BaseStateToken(ident=token, cls=State)
    async with main.app.state_manager.modify_state(key) as root:
        (await root.get_state(SessionState))._owner = owner
    return key.cache_key


def kept() -> set[str]:
    manager = main.app.state_manager
    assert isinstance(manager, StateManagerMemory)
    assert {key.cache_key for _, key in manager._token_expires_at.values()} == set(manager.states)
    return set(manager.states)


async def test_a_state_that_belongs_to_nobody_goes_with_its_tab_and_others_stay(ours: Sockets) -> None:
    open_tab = await state("a-stranger-s", owner="")
    persons = await state("a-person-s", owner="session")
    await state("a-closed-one", owner="")
    await ours._token_manager.link_token_to_sid("a-stranger-s", "socket")

    await ours.sweep()
    assert kept() == {open_tab, persons}

    await ours._token_manager.disconnect_token("a-stranger-s", "socket")
    await ours.forget("a-stranger-s")
    await ours.forget("a-person-s")
    assert kept() == {persons}


@pytest.mark.parametrize(
    ("taken", "address", "has_room"),
    [
        pytest.param(0, "192.0.2.1", True, id="the first one"),
        pytest.param(sockets.MOST_OF_ONE_ADDRESS - 1, "192.0.2.1", True, id="the last one of an address"),
        pytest.param(sockets.MOST_OF_ONE_ADDRESS, "192.0.2.1", False, id="one more of an address"),
        pytest.param(sockets.MOST_OF_ONE_ADDRESS, "192.0.2.2", True, id="of another address"),
        pytest.param(sockets.MOST_STRANGERS, "192.0.2.2", False, id="more than there may be in all"),
    ],
)
def test_how_many_strangers_have_room(ours: Sockets, taken: int, address: str, has_room: bool) -> None:
    ours.strangers = {str(n): "192.0.2.1" for n in range(taken)}

    assert ours._has_room(address) is has_room


def test_addresses_of_one_network_of_ipv6_are_one(ours: Sockets) -> None:
    ours.strangers = {str(n): sockets._network(f"2001:db8::{n:x}") for n in range(sockets.MOST_OF_ONE_ADDRESS)}

    assert not ours._has_room("2001:db8::ffff:1")
    assert ours._has_room("2001:db8:0:1::1")
