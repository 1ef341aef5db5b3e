"""The person in front of a tab: their session, and the actor that services ask for. The cookie is the only proof there is."""

import secrets
from collections.abc import Mapping
from typing import Any

import reflex as rx
from reflex.state import BaseState

from app.domain.actor import Actor
from app.domain.errors import NotSignedIn
from app.domain.people import cookie, people
from app.domain.people.people import Session
from app.services import sessions


def token(router_data: Mapping[str, Any]) -> str:
    """The session token of a tab's websocket handshake, or ""."""
    return cookie.read(router_data.get("headers", {}).get("cookie", ""))


async def session(state: rx.State) -> Session | None:
    """The live session behind this tab, looked up anew each time."""
    found = token(state.router_data)
    return await sessions.find(found) if found else None


async def is_alive(state: BaseState) -> bool:
    """Whether the session behind this tab lives, without counting as use of it."""
    found = token(state.router_data)
    return bool(found) and await sessions.is_alive(found)


async def actor(state: rx.State) -> Actor:
    """Who acts. Raises `NotSignedIn` when the session ended."""
    found = await session(state)
    if found is None:
        raise NotSignedIn("You are not signed in. Sign in and try again.")
    return people.acting(
        found.user, ip=str(state.router_data.get("ip", "")), session_hash=found.token_hash, request_id=secrets.token_hex(8)
    )
