"""Sign-in, sign-out, set-up, recovery kit: plain HTML forms, answered by a redirect or a file, so that neither the cookie nor a
key passes through a script.

What went wrong travels back as a code in the query (`/login?error=wrong`); what was typed travels back too, except the
password. The wall in front (`edge.py`) has checked host and origin.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.api import keyring
from app.domain.errors import AlreadySetUp, InvalidDraft, NotSignedIn, PatchbayError, StorageError, TooManyAttempts, VaultError
from app.domain.people import cookie
from app.domain.people.people import NewSession, acting, is_email
from app.domain.secret import Secret
from app.services import recovery, sessions, setup
from app.settings import current

_LARGEST = 16_384  # bytes of a form; the longest password accepted is far below
_TWELVE_HOURS = 12 * 3_600
_FORM = "application/x-www-form-urlencoded"


def routes() -> list[Route]:
    """`/auth/login`, `/auth/logout`, `/auth/setup`, `/auth/recovery-kit`; POST only."""
    return [
        Route("/auth/login", sign_in, methods=["POST"]),
        Route("/auth/logout", sign_out, methods=["POST"]),
        Route("/auth/setup", set_up, methods=["POST"]),
        Route("/auth/recovery-kit", recovery_kit, methods=["POST"]),
    ]


async def sign_in(request: Request) -> Response:
    """Fields: email, password, next."""
    fields = await _fields(request)
    email, onward = fields.get("email", "").strip(), path_here(fields.get("next", ""))
    try:
        device = cookie.read(request.headers.get("cookie", ""), cookie.DEVICE)
        new = await sessions.sign_in(email, Secret(fields.get("password", "")), device=device, **_from(request))
    except PatchbayError as error:
        return _back("/login", error=_code(error), email=_shown(email), next=onward.strip("/") and onward, wait=_wait(error))
    return _welcome(request, new, onward)


async def sign_out(request: Request) -> Response:
    """No fields. Ends the session of the cookie, whatever state it is in."""
    if token := cookie.read(request.headers.get("cookie", "")):
        given = _from(request)
        await sessions.sign_out(token, ip=given["ip"], request_id=given["request_id"])
    return _with_cookie(request, _back("/login", error="out"), "", 0)


async def set_up(request: Request) -> Response:
    """Fields: token, name, email, password. The token returns behind `#`, where no server and no log sees it."""
    fields = await _fields(request)
    token, name, email = fields.get("token", ""), fields.get("name", "").strip(), fields.get("email", "").strip()
    try:
        new = await setup.complete(token, email, name, Secret(fields.get("password", "")), **_from(request))
    except AlreadySetUp:
        return _back("/login", error="done")
    except NotSignedIn:
        return _back("/setup", error="link_used")
    except PatchbayError as error:
        field = error.field if isinstance(error, InvalidDraft) and error.field in ("name", "email", "password") else ""
        kept = f"#{token}" if token.replace("-", "").replace("_", "").isalnum() else ""
        shown = {"name": name, "email": _shown(email)}
        return _back("/setup", kept, error=f"{field}_invalid" if field else _code(error), wait=_wait(error), **shown)
    return _welcome(request, new, "/start")


async def recovery_kit(request: Request) -> Response:
    """Fields: password, language, proof. Answers with the file, so that the key passes through no script and no page."""
    fields, given = await _fields(request), _from(request)
    session = await sessions.find(cookie.read(request.headers.get("cookie", "")))
    if session is None:
        return _back("/login", error="ended", next="/encryption")
    actor = acting(session.user, ip=given["ip"], session_hash=session.token_hash, request_id=given["request_id"])
    try:
        actor.must_admin()
        if not recovery.is_proof(session, fields.get("proof", "")):
            return _back("/encryption", error="failed")
        await sessions.confirm(actor, session, Secret(fields.get("password", "")))
        kit = await recovery.issue(actor, session, language=fields.get("language", ""), address=keyring.address(request))
    except PatchbayError as error:
        return _back("/encryption", error="wrong" if isinstance(error, InvalidDraft) else _code(error), wait=_wait(error))
    return keyring.download(kit)


def path_here(text: str) -> str:
    """A path on this site, or "/". Refuses what a browser could read as another host (`//x`, `/\\x`, control characters)."""
    if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text and len(text) < 1_000:
        return text
    return "/"


async def _fields(request: Request) -> Mapping[str, str]:
    """The form, or nothing when it is not one or too large."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        return {}
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                return {}
    except ClientDisconnect:
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _from(request: Request) -> dict[str, str]:
    state = request.scope.get("state", {})
    return {
        "ip": request.client.host if request.client else "",
        "agent": request.headers.get("user-agent", "")[:200],
        "request_id": state.get("request_id", ""),
    }


def _shown(email: str) -> str:
    """What goes back into the address bar: people type passwords into the wrong field, and addresses are remembered."""
    return email if is_email(email) else ""


def _code(error: PatchbayError) -> str:
    match error:
        case NotSignedIn():
            return "wrong"
        case TooManyAttempts():
            return "locked"
        case InvalidDraft():
            return "invalid"
        case VaultError() | StorageError():
            return "unavailable"
        case _:
            return "failed"


def _wait(error: PatchbayError) -> str:
    return str(int(float(str(error.details["retry_after"])) + 1)) if "retry_after" in error.details else ""


def _welcome(request: Request, new: NewSession, onward: str) -> Response:
    response = _with_cookie(request, RedirectResponse(onward, 303), new.token, _TWELVE_HOURS)
    return _with_cookie(request, response, new.device, cookie.DEVICE_SECONDS, cookie.DEVICE)


def _with_cookie(request: Request, response: Response, token: str, age: int, kind: str = "") -> Response:
    safe = bool(request.scope.get("state", {}).get("is_safe"))
    written = cookie.write(token, safe=safe, max_age_seconds=age, base_path=current().base_path, kind=kind)
    response.headers.append("set-cookie", written)
    return response


def _back(path: str, fragment: str = "", /, **query: str) -> Response:
    asked = urlencode({key: value for key, value in query.items() if value})
    return RedirectResponse(f"{path}?{asked}{fragment}" if asked else f"{path}{fragment}", 303)
