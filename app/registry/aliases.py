"""The aliases of the snapshot, read again only as far as they changed."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.snapshot import AliasEntry
from app.registry import build
from app.storage import snapshot as stored
from app.storage.database import engine


class Aliases:
    """What was read last: `entries` are those that are switched on, by name."""

    def __init__(self) -> None:
        self.entries: Mapping[str, AliasEntry] = MappingProxyType({})
        self._mark: tuple[object, ...] | None = None
        self._known: dict[str, tuple[int, str]] = {}  # id → version, and the name under which it is an entry ("" = switched off)

    def read(self, connection: engine.Connection, *, is_whole: bool) -> Mapping[str, AliasEntry]:
        """The entries after what was committed; the same object when no alias changed."""
        mark = stored.alias_mark(connection)
        if mark == self._mark and not is_whole:
            return self.entries
        known = {} if is_whole else self._known
        versions = stored.alias_versions(connection)
        changed = {alias_id for alias_id, version in versions.items() if known.get(alias_id, (0,))[0] != version}
        rows = stored.aliases(connection, changed) if changed else []
        kept = {alias_id: held for alias_id, held in known.items() if alias_id in versions and alias_id not in changed}
        entries = {name: self.entries[name] for _, name in kept.values() if name}
        entries |= {row.name: build.alias(row) for row in rows if row.enabled}
        self._known = kept | {row.id: (row.version, row.name if row.enabled else "") for row in rows}
        self._mark, self.entries = mark, MappingProxyType(entries)
        return self.entries
