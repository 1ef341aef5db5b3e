"""Aliases: public names that lead to models of providers."""

import difflib
from collections.abc import Mapping, Sequence

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import InvalidDraft, NameTaken, Reason, UnknownAlias
from app.domain.providers.alias import Alias, AliasDraft, AliasPage, AliasPatch, AliasQuery, TargetDraft, check_name, check_targets
from app.services.kernel import lookup
from app.storage import aliases as rows
from app.storage.database import engine
from app.storage.tables import AliasRow
from app.storage.work import Work, work


async def list_(actor: Actor, query: AliasQuery | None = None) -> AliasPage:
    """One page of aliases, by name."""
    actor.must_view()
    query = query or AliasQuery()
    async with engine.session() as session:
        found = await rows.matching(session, query, limit=query.limit + 1)
        shown = found[: query.limit]
        more = rows.cursor_after(shown[-1], query) if len(found) > len(shown) else None
        return AliasPage(items=await rows.load(session, shown), next_cursor=more, total=await rows.count(session, query))


async def get(actor: Actor, alias_id: str) -> Alias:
    """One alias. Raises `UnknownAlias`."""
    actor.must_view()
    async with engine.session() as session:
        return await rows.one(session, _found(await rows.by_id(session, alias_id)))


async def create(actor: Actor, draft: AliasDraft) -> Alias:
    """Save a new alias. Raises `InvalidDraft`, `NameTaken`."""
    actor.must_admin()
    check_targets(draft.targets)
    async with work(actor) as doing:
        known = await rows.provider_ids(doing.session)
        await _check_name(doing, draft.name, known)
        row = AliasRow(name=draft.name, description=draft.description, enabled=draft.enabled, created_by=actor.name[:80])
        doing.session.add(row)
        await doing.session.flush()
        await rows.put_targets(doing.session, row.id, _stored(draft.targets, known))
        saved = await rows.one(doing.session, row)
        changes = {field: {"before": None, "after": value} for field, value in _shown(saved).items()}
        doing.record(Action.ALIAS_CREATE, target=_target(row), changes=changes)
        doing.touch()
        return saved


async def update(actor: Actor, alias_id: str, patch: AliasPatch) -> Alias:
    """Change what the patch sets. Raises `UnknownAlias`, `InvalidDraft`, `NameTaken`, `Stale`."""
    actor.must_admin()
    fields = {name: value for name in ("name", "description", "enabled") if (value := getattr(patch, name)) is not None}
    if patch.targets is not None:
        check_targets(patch.targets)
    async with work(actor) as doing:
        session = doing.session
        row = _found(await rows.by_id(session, alias_id))
        await lookup.expect_version(doing.session, row, patch.version)
        before = await rows.one(session, row)
        known = await rows.provider_ids(session, row.id)
        if (name := fields.get("name", row.name)) != row.name:
            await _check_name(doing, name, known)
        wanted = None if patch.targets is None else _stored(patch.targets, known)
        if wanted is not None and wanted != await rows.targets_of(session, row.id):
            await rows.put_targets(session, row.id, wanted)
        for field, value in fields.items():
            if getattr(row, field) != value:  # an assignment alone counts as a change
                setattr(row, field, value)
                doing.change(row)
        after = _shown(await rows.one(session, row))
        changed = {f: {"before": was, "after": after[f]} for f, was in _shown(before).items() if was != after[f]}
        if changed:
            _save(doing, row, changed)
            await session.flush()
        return await rows.one(session, row)


async def replace(actor: Actor, alias_id: str, draft: AliasDraft, *, version: int | None = None) -> Alias:
    """Put a whole alias in place of the old one. Raises as `update` does."""
    whole = AliasPatch(name=draft.name, description=draft.description, enabled=draft.enabled, targets=draft.targets, version=version)
    return await update(actor, alias_id, whole)


async def delete(actor: Actor, alias_id: str, *, version: int | None = None) -> None:
    """Delete an alias; requests that name it are refused from now on. Raises `UnknownAlias`, `Stale`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = _found(await rows.by_id(doing.session, alias_id))
        await lookup.expect_version(doing.session, row, version)
        gone = _shown(await rows.one(doing.session, row))
        await rows.remove(doing.session, row)
        changes = {field: {"before": value, "after": None} for field, value in gone.items()}
        doing.record(Action.ALIAS_DELETE, target=_target(row), changes=changes)
        doing.touch()


async def _check_name(doing: Work, name: str, known: Mapping[str, str]) -> None:
    check_name(name, known)
    if await rows.by_name(doing.session, name) is not None:
        raise NameTaken("An alias with this name already exists. Choose another name.", field="name")


def _stored(targets: Sequence[TargetDraft], known: Mapping[str, str]) -> list[rows.Stored]:
    """Targets by the id of their provider, which survives everything."""
    for number, target in enumerate(targets):
        if target.provider not in known:
            near = difflib.get_close_matches(target.provider, list(known), n=3)
            raise InvalidDraft(
                {f"targets.{number}.provider": Reason("alias_provider", "There is no provider with this name. Choose one from the list.")},
                suggestions=near,
            )
    found = [(known[target.provider], target.model, target.priority, target.weight) for target in targets]
    return sorted(found, key=lambda target: target[2])


def _save(doing: Work, row: AliasRow, changed: dict[str, dict[str, object]]) -> None:
    doing.change(row)
    doing.record(Action.ALIAS_UPDATE, target=_target(row), changes=changed)
    doing.touch()


def _shown(alias: Alias) -> dict[str, object]:
    """What the audit tells of an alias: a target by its priority, its selector and its weight."""
    targets = [f"{t.priority}. {t.provider}/{t.model} ×{t.weight}" for t in alias.targets]
    return {"name": alias.name, "description": alias.description, "enabled": alias.enabled, "targets": targets}


def _target(row: AliasRow) -> tuple[str, str, str]:
    return "alias", row.id, row.name


def _found(row: AliasRow | None) -> AliasRow:
    if row is None:
        raise UnknownAlias("There is no such alias. It may have been deleted.")
    return row
