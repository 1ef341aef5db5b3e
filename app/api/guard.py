"""Who may come in: every route is made by `router()` and answers nobody before `admit` has let the caller through.

A browser brings its session cookie, and on unsafe methods the CSRF token of that session; a program brings a client key
of scope `read` or `admin`; a command of the shell, which holds the data folder, calls within its own process. The wall
around us (`edge.py`) has checked host and origin before.
"""

import hmac
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.api import errors, lists, versions
from app.api.body import readable
from app.api.caller import ip_of
from app.domain.actor import Actor, ActorType
from app.domain.errors import CsrfRequired, NotSignedIn, Unreadable
from app.domain.people import cookie
from app.domain.people.people import Session, acting
from app.logs import rate
from app.services import client_keys, key_use, sessions

# Where the scope of a call within this process says who calls. No server sets it: what arrives has other places in the scope.
OPERATOR = "patchbay.operator"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY = re.compile(r"(?i:bearer)\s+(\S+)")
_SIGN_IN = "Sign in, or send an app key with the read or admin scope."


class GuardedRoute(APIRoute):
    """A route that looks at the caller before it reads the body."""

    asks = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_if_match = "If-Match" in {field.alias for field in self.dependant.header_params}

        async def guarded(request: Request) -> Response:
            at, started, status = time.time(), time.perf_counter(), 500
            try:
                await admit(request, asks=self.asks)
                lists.must_be_known(request, self.dependant)
                versions.must_take(request, takes_if_match=takes_if_match)
                answered = await handle(await readable(request) if self.body_field else request)
                response = versions.unchanged(request, answered)
                status = response.status_code
            except Exception as error:
                status = errors.status_of_any(error)
                raise
            finally:
                _note_use(request, at, started, status)
            return response

        return guarded


class Question(GuardedRoute):
    """A route that changes nothing whatever its method: who may look may ask."""

    asks = True


def router(noun: str, *, asks: bool = False) -> APIRouter:
    """A router whose routes are all guarded; `noun` is their heading in the document. `asks`: a POST there only asks."""
    return APIRouter(route_class=Question if asks else GuardedRoute, tags=[noun], responses=errors.documented(400, 401, 403, 422, 503))


async def admit(request: Request, *, asks: bool = False) -> None:
    """Set `request.state.actor` (and `session` for a browser), or raise `NotSignedIn` / `Forbidden` / `Unreadable` / 415. What only `asks`
    needs no admin."""
    unsafe = request.method not in SAFE_METHODS
    found: Actor | None
    if isinstance(operator := request.scope.get(OPERATOR), Actor):
        found, session = operator, None
    elif key := _client_key(request):
        found, session = await client_keys.check(key), None
    else:
        session = await sessions.find(cookie.read(request.headers.get("cookie", "")))
        found = acting(session.user, session_hash=session.token_hash) if session else None
    if found is None:
        raise NotSignedIn(_SIGN_IN)
    rate.caused_by_us()
    caller = replace(found, ip=ip_of(request.scope), request_id=errors.request_id(request))
    request.state.actor, request.state.session = caller, session  # before the checks: a refusal is audited under this name
    if session and unsafe and not _same(request.headers.get("x-csrf-token", ""), session.csrf_token):
        raise CsrfRequired("Send the csrf_token from GET /api/v1/session as X-CSRF-Token.")
    if unsafe and not asks:
        caller.must_admin()
    else:
        caller.must_view()
    if unsafe:
        _must_be_json(request)


def actor(request: Request) -> Actor:
    """Who calls, as `admit` found out."""
    return request.state.actor


def session(request: Request) -> Session | None:
    """The caller's session, None for a client key."""
    return request.state.session


Caller = Annotated[Actor, Depends(actor)]
Browser = Annotated[Session | None, Depends(session)]


def _client_key(request: Request) -> str:
    """The client key of a program. Two different ones in one request are refused, so that no check sees another key."""
    headers = request.headers
    found = {match[1] for line in headers.getlist("authorization") if (match := _KEY.fullmatch(line.strip()))}
    found |= {line.strip() for line in headers.getlist("x-api-key") if line.strip()}
    if len(found) > 1:
        raise Unreadable("Two different API keys were sent. Send one.")
    return next(iter(found), "")


def _note_use(request: Request, at: float, started: float, status: int) -> None:
    """A key that was recognised was used, whatever came of it."""
    caller: Actor | None = getattr(request.state, "actor", None)
    if caller is not None and caller.type is ActorType.CLIENT_KEY:
        key_use.note(caller.id, at=at, status=status, ms=(time.perf_counter() - started) * 1_000)


def _same(given: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _must_be_json(request: Request) -> None:
    """A body of another type could have been sent by a form of a stranger's page."""
    headers = request.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise HTTPException(415)
