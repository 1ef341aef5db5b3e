"""Reading providers, and checking a draft without the network."""

from app import presets
from app.domain.actor import Actor
from app.domain.errors import InvalidDraft, NameTaken, Reason, UnknownPreset
from app.domain.providers.address import AddressNote
from app.domain.providers.drafts import free_name, settle
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Page, Provider, ProviderDraft, ProviderQuery, ProviderType
from app.domain.providers.routes import effective_urls
from app.domain.record import Record
from app.relay import health_changes, keys
from app.relay.overlay import laid_over
from app.services.kernel import lookup
from app.services.kernel.lookup import auth_types
from app.storage import aliases, provider_records
from app.storage import providers as rows
from app.storage.database import engine


class Preview(Record):
    """What a draft would become. `notes` say what was mended in the address."""

    name: str  #: ID that the provider would have.
    label: str  #: Name that people would see.
    type: ProviderType  #: Protocol it would speak.
    base_url: str  #: Address as it would be saved.
    origin: str  #: Scheme, host and port of the address.
    effective_urls: dict[str, str]  #: Operation → address that would be called.
    auth_type: str  #: Authentication.
    notes: list[AddressNote]  #: What was corrected in the address.


class Changes(Record):
    """What became of the providers since a revision and a turn. `gone` are the ids of those that were deleted."""

    revision: int
    turn: int
    items: list[Provider]
    gone: list[str]
    default_id: str | None


async def list_(actor: Actor, query: ProviderQuery | None = None) -> Page:
    """One page of providers (`items`: list[Provider]). `total` counts what matches on all pages."""
    actor.must_view()
    query = query or ProviderQuery()
    async with engine.session() as session:
        if query.status:
            return await _by_status(session, query)
        found = await rows.matching(session, query, limit=query.limit + 1)
        shown = found[: query.limit]
        more = await rows.cursor_after(session, shown[-1], query) if len(found) > len(shown) else None
        items = [laid_over(record) for record in await provider_records.load(session, shown)]
        return Page(items=items, next_cursor=more, total=await rows.count(session, query))


async def changes(actor: Actor, *, since: int = -1, turn: int = 0) -> Changes:
    """Every provider, or those that changed after the revision `since` or do differently since `turn`: what a page that stays open
    has to read."""
    actor.must_view()
    newest = health_changes.cursor()
    async with engine.session() as session:
        revision = await rows.revision(session)  # first: what is saved meanwhile is read twice, never missed
        changed = await rows.changed_after(session, since, and_of=keys.lately_cooled() | health_changes.since(turn))
        live = [row for row in changed if row.deleted_at is None]
        return Changes(
            revision=revision,
            turn=newest,
            items=[laid_over(record) for record in await provider_records.load(session, live)],
            gone=[row.id for row in changed if row.deleted_at is not None],
            default_id=await rows.default_id(session),
        )


async def get(actor: Actor, name: str) -> Provider:
    """One provider. Raises `UnknownProvider` with the nearest names."""
    actor.must_view()
    async with engine.session() as session:
        return laid_over(await provider_records.one(session, await lookup.provider(session, name)))


async def validate(actor: Actor, draft: ProviderDraft, *, editing: str | None = None) -> Preview:
    """Check a draft without calling anybody. `editing` is the provider it would replace.

    Raises `InvalidDraft` with every field that breaks a rule, `NameTaken`.
    """
    actor.must_admin()
    settled = settle(draft, preset=preset_of(draft), types=auth_types())
    async with engine.session() as session:
        if settled.name != editing:
            await name_is_free(session, settled.name)
    address = settled.address
    return Preview(
        name=settled.name,
        label=settled.label,
        type=settled.type,
        base_url=address.base_url,
        origin=address.origin,
        effective_urls=effective_urls(settled.type, address.base_url, settled.auth),
        auth_type=settled.auth_type,
        notes=list(address.notes),
    )


async def name_is_free(session: engine.AsyncSession, name: str) -> None:
    """Raise `NameTaken`, or `InvalidDraft` where an alias begins with the name, with a free name to use instead."""
    taken = await taken_names(session)
    if name not in taken:
        return
    free = free_name(name, taken)
    if alias := (await aliases.heads(session)).get(name):
        reason = Reason(
            "name_of_alias",
            "The alias {alias} starts with this name, so it could not be told apart from a model of this provider."
            " Choose another name, or rename the alias first.",
            alias=alias,
        )
        raise InvalidDraft({"name": reason}, suggestions=[free])
    raise NameTaken(f"There is already a provider with the ID {name}. Choose another one.", field="name", suggestions=[free])


async def taken_names(session: engine.AsyncSession) -> set[str]:
    """What no new provider may be called: names of providers, and what aliases begin with."""
    return {*await rows.names(session), *await aliases.heads(session)}


def preset_of(draft: ProviderDraft, *, stored: bool = False) -> Preset | None:
    """The preset whose facts a draft takes over. A `stored` provider outlives its preset's file."""
    if draft.preset is None:
        return presets.get("openai") if draft.type is ProviderType.OPENAI else None
    try:
        return presets.get(draft.preset)
    except UnknownPreset as error:
        if stored:
            return None
        raise InvalidDraft({"preset": error.message}, suggestions=error.suggestions) from error


async def _by_status(session: engine.AsyncSession, query: ProviderQuery) -> Page:
    """The status is derived from tests, so every match is looked at before the page is cut."""
    every = await rows.matching(session, query, limit=None)
    records = [laid_over(record) for record in await provider_records.load(session, every)]
    found = [(row, record) for row, record in zip(every, records, strict=True) if record.status is query.status]
    shown = found[: query.limit]
    more = await rows.cursor_after(session, shown[-1][0], query) if len(found) > len(shown) else None
    return Page(items=[record for _, record in shown], next_cursor=more, total=len(found))
