"""`/providers/{name}/models`: what a provider lists."""

from typing import Annotated

from fastapi import Query

from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import Paging, page
from app.api.schemas import ModelList, ModelSync
from app.api.versions import IfMatch, expected
from app.services import models

router = guard.router("Models")


@router.get("/providers/{name}/models", responses=errors.documented(404))
async def list_models(caller: Caller, name: str, query: Annotated[Paging, Query()]) -> ModelList:
    """The models of a provider, by identifier."""
    return page(ModelList, await models.list_(caller, name), query, key=lambda one: one.id, of=name)


@router.post("/providers/{name}/models/discover", responses=errors.documented(404, 429))
async def discover_models(caller: Caller, name: str) -> models.Discovery:
    """Ask the provider which models it has, and compare. Changes nothing."""
    return await models.discover(caller, name)


@router.post("/providers/{name}/models/sync", responses=errors.documented(404, 412))
async def sync_models(caller: Caller, name: str, body: ModelSync, if_match: IfMatch = None) -> ModelList:
    """Add and remove listed models and choose the default one."""
    cleared = "default" in body.model_fields_set and body.default is None
    version = expected(if_match, body.version)
    listed = await models.sync(caller, name, add=body.add, remove=body.remove, default=body.default, clear_default=cleared, version=version)
    return ModelList(items=listed, next_cursor=None, total=len(listed))
