"""`/keyring`: the master keys by their ids, and the recovery kit."""

from fastapi import Request, Response
from starlette.responses import PlainTextResponse

from app.api import errors, guard
from app.api.guard import Browser, Caller
from app.api.schemas import KitWish
from app.domain.keyring import KeyringStatus
from app.domain.recovery_kit import RecoveryKit
from app.services import keyring, recovery
from app.settings import current

router = guard.router("Master key")


@router.get("/keyring")
async def get_keyring(caller: Caller) -> KeyringStatus:
    """The master keys by id, how many secrets each seals, and which servers hold them. Never a key."""
    return await keyring.status(caller)


@router.post(
    "/keyring/recovery-kit",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "The recovery kit as a text file."}, **errors.documented(429)},
)
async def issue_recovery_kit(caller: Caller, browser: Browser, request: Request, wish: KitWish | None = None) -> Response:
    """The master key and how to restore with it, as a text file, once for each `POST /session/confirm`. Not for client keys."""
    kit = await recovery.issue(caller, browser, language=wish.language if wish else "en", address=address(request))
    return download(kit)


def download(kit: RecoveryKit) -> Response:
    """The kit as a file that no cache keeps."""
    headers = {
        "content-disposition": f'attachment; filename="{kit.filename}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return PlainTextResponse(kit.text.reveal(), headers=headers)


def address(request: Request) -> str:
    """What people type to come here."""
    return current().public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', '')}"
