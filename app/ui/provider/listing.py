"""What the list of providers is made of: which ones match, in which order, and what differs between two looks."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from app.domain.providers.provider import Provider, Status
from app.ui.presets.gallery import preset_of
from app.ui.provider.card import Card, card, kind_of

ANY = "any"
GROUPS: dict[str, frozenset[Status]] = {
    "working": frozenset({Status.WORKING, Status.KEY_ACCEPTED, Status.REACHABLE}),
    "attention": frozenset({Status.ATTENTION, Status.DOWN, Status.LIMITED, Status.DEGRADED, Status.UNREADABLE}),
    "not_tested": frozenset({Status.NOT_TESTED}),
    "off": frozenset({Status.OFF}),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A provider as the list keeps it: its card, and what is searched, filtered and sorted by."""

    card: Card
    hay: str
    type: str
    auth_type: str
    tags: tuple[str, ...]
    created_at: str
    updated_at: str


SORTS: dict[str, tuple[Callable[[Listed], tuple[str, str]], bool]] = {  # key, backwards
    "label": (lambda p: (p.card.label.lower(), p.card.id), False),
    "newest": (lambda p: (p.created_at, p.card.id), True),
    "changed": (lambda p: (p.updated_at, p.card.id), True),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader wants to see."""

    search: str
    group: str
    auth_type: str
    kind: str
    tag: str
    sort: str

    def of(self, all_: Iterable[Listed]) -> list[Listed]:
        """Those that match, in order."""
        needle = self.search.strip().lower()
        key, backwards = SORTS[self.sort]
        return sorted((p for p in all_ if needle in p.hay and self._passes(p)), key=key, reverse=backwards)

    def _passes(self, p: Listed) -> bool:
        return (
            (self.group == "all" or p.card.status in GROUPS[self.group])
            and self.auth_type in (ANY, p.auth_type)
            and self.kind in (ANY, p.type)
            and (self.tag == ANY or self.tag in p.tags)
        )


def listed(provider: Provider, locale: str) -> Listed:
    """A provider as the list keeps it, its sentences in the language `locale`."""
    preset = preset_of(provider.preset)
    shown = card(provider, preset, locale)
    return Listed(
        card=shown,
        hay=" ".join(
            (shown.label, shown.name, kind_of(provider, preset, locale), shown.address, provider.description, *provider.tags)
        ).lower(),
        type=provider.type.value,
        auth_type=provider.auth_type,
        tags=tuple(provider.tags),
        created_at=provider.created_at.isoformat(),
        updated_at=provider.updated_at.isoformat(),
    )


def difference(new: Card, old: Card) -> dict[str, object]:
    """The fields of a card that differ, and its id."""
    before = asdict(old)
    return {"id": new.id, **{name: value for name, value in asdict(new).items() if value != before[name]}}


def within(cards: Iterable[Card], group: str) -> int:
    """How many cards are in a status group."""
    return sum(c.status in GROUPS[group] for c in cards)
