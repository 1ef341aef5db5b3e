"""A tab of the console without browser and websocket: its tree of states, and its handlers fired one after the other."""

import types
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reflex as rx
from reflex.event import EventSpec

from app import main, registry
from app.domain.actor import Role
from app.domain.secret import Secret
from app.services import people, sessions
from app.ui.kit.dialogs import FIELD, Dialogs
from tests.fixtures.upstream import Upstream

PASSWORD = "correct horse battery staple"


class Held:
    """A state as a background handler holds it: `async with` is a matter of course."""

    def __init__(self, state: rx.State) -> None:
        self.__dict__["_held"] = state

    @property
    def __class__(self) -> Any:
        return type(self._held)

    async def __aenter__(self) -> "Held":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        found = getattr(type(self._held), name, None)
        return types.MethodType(found, self) if isinstance(found, types.FunctionType) else getattr(self._held, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._held, name, value)


class Tab:
    """One tab of somebody who is signed in."""

    def __init__(self, token: str) -> None:
        self.root: Any = rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]
        self.root.router_data = {"headers": {"cookie": f"__Host-pb={token}"}, "ip": "127.0.0.1"}
        self.sent: list[EventSpec] = []
        self.is_forged = False  # events are written by hand, not by a page: they carry what the test gives them

    async def state(self, kind: Any) -> Any:
        return await self.root.get_state(kind)

    async def opened(self) -> str:
        """Kind of the dialog that is open."""
        return (await self.state(Dialogs)).opened.kind

    async def leave(self, *_: Any) -> None:
        """Close the dialog that is open."""
        await self.fire(Dialogs.close, (await self.state(Dialogs)).opened.stamp)

    async def fire(self, handler: Any, *arguments: Any) -> None:
        """Fire `State.handler` as the page would, with the stamp of the open dialog where it carries one. Events it answers with are
        kept in `sent`."""
        name = handler.fn.__qualname__.split(".")[-1]
        kind = next(k for k in _kinds(rx.State) if handler in k.event_handlers.values())
        state = await self.state(kind)
        if getattr(handler.fn, "__rx_submits__", ()) and not self.is_forged:
            stamp = (await self.state(Dialogs)).opened.stamp
            arguments = ({**arguments[0], FIELD: stamp}, *arguments[1:]) if arguments and isinstance(arguments[0], dict) else (stamp,)
        made = kind.event_handlers[name].fn(Held(state) if handler.is_background else state, *arguments)
        if hasattr(made, "__anext__"):
            self.sent += [event async for event in made if event is not None]
        elif (event := await made) is not None:
            self.sent.append(event)

    def everything(self) -> str:
        """All vars of the whole tree, those of the backend too."""
        return "\n".join(_told(self.root))


def _kinds(kind: type) -> Any:
    yield kind
    for child in kind.get_substates():
        yield from _kinds(child)


def _told(state: Any) -> Any:
    yield f"{type(state).__name__}: {vars(state)} {state.dict()}"
    for child in state.substates.values():
        yield from _told(child)


@pytest.fixture
async def house(db: Any, upstream: Upstream, outgoing: None) -> AsyncIterator[Upstream]:
    """The registry over this test's database, and a provider on loopback."""
    assert main.app
    await registry.shared.start(watch=False)
    yield upstream
    await registry.shared.stop()


@pytest.fixture
async def tab(house: Upstream, actor: Any) -> Tab:
    """A tab of an admin."""
    await people.create(actor, "ada@example.org", "Ada", Role.ADMIN, Secret(PASSWORD))
    return Tab((await sessions.sign_in("ada@example.org", Secret(PASSWORD), ip="127.0.0.1", agent="tests")).token)
