"""The one place every event passes, whoever sent it: page, chain, background task or a hand-written websocket client.

Default deny: a handler is for signed-in people unless `permission` marks it public; of Reflex's own handlers only those
that a page needs to come alive are open. Who somebody is, is looked up anew for each event from the cookie of the
websocket's handshake. A state tree belongs to one session: for another one it is wiped before anything is read.
"""

import asyncio
import logging
import time
from functools import lru_cache
from typing import cast
from urllib.parse import urlencode

import reflex as rx
from reflex.event import Event
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.constants import CompileVars
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from app.domain.people import cookie
from app.domain.people.people import Session
from app.logs import rate
from app.services import denials, sessions
from app.ui import page, permission
from app.ui.kit import dialogs
from app.ui.session import current_user, sockets
from app.ui.session.notices import Notices
from app.ui.session.session import SessionState

log = logging.getLogger(__name__)

_STATE = "reflex___state____state"
HYDRATE = frozenset({f"{_STATE}.hydrate", f"{_STATE}.hydrate_and_load"})
ON_LOAD = f"{_STATE}.reflex___state____on_load_internal_state.on_load_internal"
# Reflex's own, without which no page comes alive; they read nothing but what the tab itself sent.
FRAMEWORK = HYDRATE | {
    ON_LOAD,
    f"{_STATE}.set_is_hydrated",
    f"{_STATE}.reflex___state____on_load_internal_state.set_is_hydrated",
    f"{_STATE}.reflex___state____update_vars_internal_state.update_vars_internal",
    f"{_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
}
_AGAIN_SECONDS = 2.0  # a page fires several events at once; one of them is answered with the way to the sign-in
_LOOK_SECONDS = 1.0  # how often open sockets are checked for sessions that ended


class SessionGuard(Middleware):
    """Reflex middleware; must be the first one, before the one that answers `hydrate`."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:  # type: ignore[override]  # rx.App is reflex.app.App
        """None lets the event through; an update answers it instead."""
        session = await current_user.session(state)  # type: ignore[arg-type]  # the root of the tree, an rx.State
        if session is None:
            rate.caused_by(str(state.router_data.get("ip", "")), str(state.router_data.get("sid", "")))
        else:
            rate.caused_by_us()
        tab = await state.get_state(SessionState)
        if not await _belongs(tab, session, event):
            return _turned_away(tab, state, "ended")
        await _follow(state, event)
        if event.name in FRAMEWORK:
            return None
        handler = RegistrationContext.get().event_handlers[event.name].handler
        if event.name.endswith(".setvar"):
            log.warning("refused: a raw setter was fired: %s", event.name)
            if session is not None:
                await denials.record(await current_user.actor(state), _short(event.name))  # type: ignore[arg-type]  # as above
            return StateUpdate()
        needed = permission.role_of(handler.fn)
        if needed is None:
            return None
        if session is None:
            return _turned_away(tab, state, "ended" if tab._had_owner else "")
        if not permission.allows(session.user.role, needed):
            if event.name in arrivals():
                return StateUpdate()
            log.warning("refused: %s needs role %s, fired by %s", event.name, needed, session.user.id)
            await denials.record(await current_user.actor(state), _short(event.name))  # type: ignore[arg-type]  # as above
            return StateUpdate()
        return None


@lru_cache(1)
def arrivals() -> frozenset[str]:
    """What pages fire as they open. A viewer who opens an admin's page is told so by the page, and has tried nothing."""
    return frozenset(format_event_handler(cast("rx.EventHandler", handler)) for entry in page.pages() for handler in entry.on_load)


def _short(name: str) -> str:
    """`submission.submit` of a handler's full name."""
    return name.rpartition("____")[2]


async def _follow(state: BaseState, event: Event) -> None:
    """A page that was loaded just now shows no dialog and no notice of before, another page no dialog of this one."""
    if event.name in HYDRATE:
        is_first = bool(event.payload.get(CompileVars.PAYLOAD_HASHES))
        await dialogs.arrive(state, is_first=is_first)
        if is_first:
            (await state.get_state(Notices)).reset()
    elif event.name == ON_LOAD:
        await dialogs.turn(state)


async def _belongs(tab: SessionState, session: Session | None, event: Event) -> bool:
    """Give a fresh tree to whoever comes first, wipe it for the next when they come with a fresh page, refuse everything else."""
    owner = session.id if session else ""
    if tab._owner == owner:
        return True
    if tab._owner and event.name not in HYDRATE:
        return False
    had_owner = bool(tab._owner)
    tab._get_root_state().reset()
    tab._owner, tab._had_owner = owner, had_owner
    return True


def _turned_away(tab: SessionState, state: BaseState, reason: str) -> StateUpdate:
    now = time.monotonic()
    if now - tab._turned_away_at < _AGAIN_SECONDS:
        return StateUpdate()
    tab._turned_away_at = now
    path = str(state.router_data.get("asPath") or "/")
    asked = {"error": reason, "next": "" if path.startswith(("/login", "/setup")) or path == "/" else path}
    query = urlencode({key: value for key, value in asked.items() if value})
    return StateUpdate(events=Event.from_event_type(rx.redirect(f"/login?{query}" if query else "/login")))


async def watch(app: rx.App) -> None:
    """Close the sockets of sessions that ended (signed out, disabled, expired) within two looks; runs until cancelled."""
    held: dict[str, str] = {}  # sid → token it was seen alive with
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        rate.tell_left_out()
        try:
            held = await _look(app, held)
            if (ours := sockets.of(app)) is not None:
                await ours.sweep()
        except Exception:
            log.exception("the watch over open sockets failed once")


async def _look(app: rx.App, held: dict[str, str]) -> dict[str, str]:
    namespace, sio = app.event_namespace, app.sio
    if namespace is None or sio is None:
        return {}
    alive: dict[str, str] = {}
    for sid in list(namespace.sid_to_token):
        environ = sio.get_environ(sid, namespace.namespace) or {}
        shown = held.get(sid) or cookie.read(environ.get("HTTP_COOKIE", ""))
        if shown and await sessions.is_alive(shown):
            alive[sid] = shown
        elif sid in held:
            farewell = StateUpdate(events=Event.from_event_type(rx.redirect("/login?error=ended")))
            await namespace.emit_update(farewell, namespace.sid_to_token[sid])
            # The transport, not the namespace: after that one the browser would not come back by itself.
            await sio.eio.disconnect(sio.manager.eio_sid_from_sid(sid, namespace.namespace))
    return alive
