"""`/session` and `/users`: who the caller is, and the people of the console."""

from typing import Annotated

from fastapi import Query, Response

from app.api import errors, guard
from app.api.guard import Browser, Caller
from app.api.lists import page
from app.api.schemas import Confirmed, PasswordAgain, SessionInfo, UserDraft, UserList, UserQuery
from app.api.versions import IfMatch, expected, tagged
from app.domain.people.people import DisabledUser, User
from app.services import people, sessions

router = guard.router("Users")


@router.get("/session")
async def get_session(caller: Caller, browser: Browser) -> SessionInfo:
    """The caller. Browsers send `csrf_token` back as `X-CSRF-Token` with everything that changes something."""
    return SessionInfo(
        type=caller.type,
        name=caller.name,
        role=caller.role,  # type: ignore[arg-type] - the guard lets nobody in without one
        user=browser.user if browser else None,
        csrf_token=browser.csrf_token if browser else None,
        expires_at=browser.expires_at if browser else None,
    )


@router.post("/session/confirm", responses=errors.documented(429))
async def confirm_session(caller: Caller, browser: Browser, again: PasswordAgain) -> Confirmed:
    """Show your password again, for what asks for it. Only in a browser's session; wrong passwords count as failed sign-ins."""
    return Confirmed(confirmed_until=await sessions.confirm(caller, browser, again.password))


@router.get("/users")
async def list_users(caller: Caller, query: Annotated[UserQuery, Query()]) -> UserList:
    """Everybody who can sign in, or could."""
    found = [user for user in await people.list_(caller) if query.email is None or query.email.lower() == user.email]
    return page(UserList, found, query, key=lambda one: one.id)


@router.post("/users", status_code=201, responses=errors.documented(409))
async def create_user(caller: Caller, draft: UserDraft, response: Response) -> User:
    """Add a person."""
    return tagged(response, await people.create(caller, draft.email, draft.name, draft.role, draft.password))


@router.get("/users/{user_id}", responses=errors.documented(404))
async def get_user(caller: Caller, user_id: str, response: Response) -> User:
    """One account."""
    return tagged(response, await people.get(caller, user_id))


@router.post("/users/{user_id}/disable", responses=errors.documented(404, 409, 412))
async def disable_user(caller: Caller, user_id: str, response: Response, if_match: IfMatch = None) -> DisabledUser:
    """End a person's sessions and the keys they made for this interface; let nobody sign in with this account."""
    return tagged(response, await people.disable(caller, user_id, version=expected(if_match)))


@router.post("/users/{user_id}/enable", responses=errors.documented(404, 412))
async def enable_user(caller: Caller, user_id: str, response: Response, if_match: IfMatch = None) -> User:
    """Let a person sign in again."""
    return tagged(response, await people.enable(caller, user_id, version=expected(if_match)))
