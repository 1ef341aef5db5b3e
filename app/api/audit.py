"""`/audit`: who did what to which."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.api import errors, guard
from app.api.guard import Caller
from app.api.schemas import AuditPage, ExportFormat
from app.domain.audit import AuditVerdict
from app.domain.providers.provider import Page
from app.services import audit, providers

router = guard.router("Audit log")
Limit = Annotated[int, Query(ge=1, le=100)]
Before = Annotated[int | None, Query(ge=1, le=2**53, description="Entries before this number; `next_cursor` of the previous page.")]
_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


@router.get("/audit")
async def list_audit(caller: Caller, limit: Limit = 50, cursor: Before = None, target_id: str | None = None) -> AuditPage:
    """Entries, the newest first."""
    return _paged(await audit.page(caller, before_seq=cursor, limit=limit, target_id=target_id))


@router.get("/audit/verify")
async def verify_audit(caller: Caller) -> AuditVerdict:
    """Whether the chain of entries is whole and unchanged."""
    return await audit.verify(caller)


@router.get("/audit/export", response_class=StreamingResponse, responses={200: {"content": {t: {} for t in _TYPES.values()}}})
async def export_audit(caller: Caller, format: ExportFormat = "jsonl") -> StreamingResponse:
    """Every entry with its hashes, the oldest first."""
    name = {"content-disposition": f'attachment; filename="patchbay-audit.{format}"'}
    return StreamingResponse(await audit.export(caller, format), media_type=_TYPES[format], headers=name)


@router.get("/providers/{name}/audit", responses=errors.documented(404))
async def list_provider_audit(caller: Caller, name: str, limit: Limit = 50, cursor: Before = None) -> AuditPage:
    """The history of one provider, the newest first."""
    provider = await providers.get(caller, name)
    return _paged(await audit.page(caller, before_seq=cursor, limit=limit, target_id=provider.id))


def _paged(found: Page) -> AuditPage:
    """A log is not counted: that would read all of it."""
    return AuditPage(items=found.items, next_cursor=found.next_cursor, total=None)
