"""Pages of providers follow each other without a gap or a repetition, whatever letters the labels have."""

from itertools import product

import pytest

from app.domain.actor import Actor
from app.domain.errors import InvalidDraft
from app.domain.providers.provider import ProviderDraft, ProviderQuery
from app.services import providers
from tests.fixtures.databases import Database

LABELS = ["Ähre", "ähre", "Zebra", "apple", "Apple", "Éclair", "éclair", "İstanbul", "ß", "ẞ", "日本", "_x", "a b", "ab", "a-b"]


@pytest.fixture
async def many(db: Database, actor: Actor) -> list[str]:
    for number, label in enumerate(LABELS):
        draft = {"name": f"p{number}", "label": label, "base_url": f"https://93.184.216.34/p{number}/v1", "auth_type": "none"}
        await providers.create(actor, ProviderDraft.model_validate(draft))
    return [f"p{number}" for number in range(len(LABELS))]


async def test_pages_follow_each_other(many: list[str], actor: Actor) -> None:
    for sort, order in product(("label", "name", "created_at"), ("asc", "desc")):
        seen: list[str] = []
        cursor = None
        while True:
            query = ProviderQuery.model_validate({"sort": sort, "order": order, "limit": 2, "cursor": cursor})
            page = await providers.list_(actor, query)
            seen += [item.name for item in page.items]
            if (cursor := page.next_cursor) is None:
                break

        assert sorted(seen) == sorted(many), (sort, order)
        if sort == "name":
            assert seen == sorted(many, reverse=order == "desc")


async def test_a_search_for_anything_is_answered(many: list[str], actor: Actor) -> None:
    for search in ("\0", "a\0b", "%", "_", "\\"):
        try:
            page = await providers.list_(actor, ProviderQuery.model_validate({"search": search}))
        except InvalidDraft:
            continue
        assert {item.name for item in page.items} <= set(many)
