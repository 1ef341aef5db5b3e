"""The websockets of the console: who may open one, what of a message reaches a handler, and what is left when it closes.

Takes the place of Reflex's own namespace. A socket without a session is a stranger's: their number is capped, in all and for each
address; what they send must fit to the letter; their state goes when they go.
"""

import asyncio
import ipaddress
import logging
import re
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import reflex as rx
from reflex.app import EventNamespace
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import FrontendEventExceptionState, State, StateUpdate
from reflex_base.constants import CompileVars, RouteVar, SocketEvent
from reflex_base.environment import auto_reload_cooldown
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext
from socketio.exceptions import ConnectionRefusedError as Refused

from app.domain.errors import StorageError
from app.domain.people import cookie
from app.logs import rate
from app.services import sessions
from app.ui.session import incoming
from app.ui.session.session import SessionState

MOST_STRANGERS = 1_000
MOST_OF_ONE_ADDRESS = 400
CROWDED = "too_many_visitors"  # what a page is told that may not connect; it tries again by itself
_TAB = re.compile(r"[A-Za-z0-9-]{8,64}")
_TOLD = ("error_type", "substate", "message")  # of a page's failure

_log = logging.getLogger(__name__)


class Sockets(EventNamespace):
    """Reflex's namespace behind a door."""

    def __init__(self, namespace: str, app: rx.App) -> None:
        super().__init__(namespace, app)
        self.strangers: dict[str, str] = {}  # socket → address

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """A page introduces itself, with the first event it fires."""
        if not _TAB.fullmatch((parse_qs(environ.get("QUERY_STRING", "")).get("token") or [""])[0]):
            raise Refused("token")
        address = _client(environ)
        if await _is_known(cookie.read(environ.get("HTTP_COOKIE", ""))):
            rate.caused_by_us()
        else:
            rate.caused_by(address, sid)
            if not self._has_room(address):
                _log.info("A page of %s may not connect: too many are open without a session.", address)
                raise Refused(CROWDED)
            self.strangers[sid] = _network(address)
        event = auth.get(CompileVars.CONNECT_AUTH_EVENT) if isinstance(auth, dict) else None
        try:
            await self._tell_of_another_version(sid, auth)
            await super().on_connect(sid, environ, {CompileVars.CONNECT_AUTH_EVENT: event})
        except BaseException:
            self.strangers.pop(sid, None)
            raise

    async def on_event(self, sid: str, data: object) -> None:
        """A page fires an event. What is none is left out."""
        event = incoming.shaped(data, strict=sid in self.strangers)
        if event is None or sid not in self.sid_to_token:
            _log.info("A page sent what is no event of this version. It was left out.")
            return
        await super().on_event(sid, event)

    async def on_client_error(self, sid: str, data: object = None) -> None:
        """A page reports its own failure."""
        texts = {key: data[key] for key in _TOLD if isinstance(data.get(key), str)} if isinstance(data, dict) else None
        await super().on_client_error(sid, texts)

    def on_disconnect(self, sid: str) -> asyncio.Task[None] | None:
        """A socket is gone; of a stranger nothing stays."""
        token, was_stranger = self.sid_to_token.get(sid), self.strangers.pop(sid, None) is not None
        done = super().on_disconnect(sid)
        if was_stranger and token is not None and done is not None:
            done.add_done_callback(lambda _: asyncio.ensure_future(self.forget(token)))
        return done

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        """Tell a page what changed; one that is gone needs to hear nothing."""
        if token in self._token_manager.token_to_socket:
            await super().emit_update(update, token)

    async def forget(self, token: str) -> None:
        """Let go of the state of a tab that is closed and was nobody's."""
        key = BaseStateToken(ident=token, cls=State)
        manager = self.app.state_manager
        assert isinstance(manager, StateManagerMemory)  # noqa: S101 - as `rxconfig.py` says
        async with await manager._get_state_lock(key):
            if self._is_left(key, manager):
                manager._purge_token(key)

    async def sweep(self) -> None:
        """Let go of every such state: an event that was under way when its tab closed makes one anew."""
        manager = self.app.state_manager
        assert isinstance(manager, StateManagerMemory)  # noqa: S101 - as `rxconfig.py` says
        for _, key in list(manager._token_expires_at.values()):
            if isinstance(key, BaseStateToken) and self._is_left(key, manager):
                await self.forget(key.ident)

    def _is_left(self, key: BaseStateToken, manager: StateManagerMemory) -> bool:
        if key.ident in self._token_manager.token_to_socket:
            return False
        root = manager.states.get(key.cache_key)
        return root is None or not root.get_substate(SessionState.get_full_name().split("."))._owner

    def _has_room(self, address: str) -> bool:
        counted = Counter(self.strangers.values())
        return counted.total() < MOST_STRANGERS and counted[_network(address)] < MOST_OF_ONE_ADDRESS

    async def _tell_of_another_version(self, sid: str, auth: object) -> None:
        """A page that was built for other state classes loads itself again. Reflex would also warn the operator, who can do nothing."""
        schema = auth.get(CompileVars.CONNECT_AUTH_STATE_SCHEMA) if isinstance(auth, dict) else None
        ours = State._to_frontend_schema()
        if schema is not None and schema != ours:
            cooldown = auto_reload_cooldown() // timedelta(milliseconds=1)
            await self.emit(str(SocketEvent.STATE_MISMATCH), {"backend": ours, "reload_cooldown_ms": cooldown}, to=sid)

    def _build_static_router_data(self, sid: str, environ: dict[str, Any]) -> dict[str, Any]:
        """What every event of a socket carries: of its head, the origin and the session's cookie."""
        headers = {
            name: environ[variable] for name, variable in (("origin", "HTTP_ORIGIN"), ("cookie", "HTTP_COOKIE")) if variable in environ
        }
        return {RouteVar.SESSION_ID: sid, RouteVar.HEADERS: headers, RouteVar.CLIENT_IP: _client(environ)}


def of(app: rx.App) -> Sockets | None:
    """The sockets of this application."""
    return app.event_namespace if isinstance(app.event_namespace, Sockets) else None


def install(app: rx.App) -> None:
    """Put them in the place of Reflex's own."""
    if app.sio is None or app.event_namespace is None:
        return
    ours = Sockets(app.event_namespace.namespace, app)
    app._event_namespace = ours
    app.sio.register_namespace(ours)
    # engine.io's own rule believes X-Forwarded-Proto and -Host of anybody, and knows no public address: ours holds.
    app.sio.eio.cors_allowed_origins = lambda origin, environ: environ["asgi.scope"].get("state", {}).get("passed_wall", False)
    FrontendEventExceptionState.auto_reload_on_errors = []  # by a script, which the page's policy forbids; searched for in long texts
    dispatch, open_ones = app.sio._handle_eio_message, app.sio.environ

    async def handle(eio_sid: str, data: str) -> None:
        try:
            await dispatch(eio_sid, data)
        except Exception as error:  # noqa: BLE001 - the edge: what cannot be read ends the socket
            _log.info("A websocket was closed: what it sent cannot be read (%s).", type(error).__name__)
            if eio_sid in open_ones:
                await open_ones[eio_sid]["asgi.scope"]["line"].end("unreadable")

    app.sio.eio.on("message", handle)


def blame() -> None:
    """What is logged from now on is caused by the socket of the current event, when it is a stranger's."""
    router_data, sockets = EventContext.get().router_data, of(RegistrationContext.get().app)
    if sockets is not None and (sid := router_data.get(RouteVar.SESSION_ID, "")) in sockets.strangers:
        rate.caused_by(router_data.get(RouteVar.CLIENT_IP, ""), sid)


async def _is_known(token: str) -> bool:
    try:
        return await sessions.is_alive(token)
    except StorageError:
        return False


def _client(environ: dict[str, Any]) -> str:
    client = environ.get("asgi.scope", {}).get("client")
    return str(client[0]) if client else ""


def _network(address: str) -> str:
    """What one caller has: an IPv4 address, or the 2⁶⁴ of a network of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else address
