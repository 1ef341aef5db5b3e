"""The client keys of the snapshot. A row that was checked once is not read again: its MAC stands for all of it."""

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from app.domain.snapshot import ClientKeyEntry
from app.registry import build
from app.storage import snapshot as stored
from app.storage.database import engine
from app.storage.snapshot import StoredClientKey, StoredGrant

Row = TypeVar("Row")
# Id → MAC under which a row was read, and the row; None = it is not as we wrote it.
Checked = dict[str, tuple[bytes | None, Row | None]]

_log = logging.getLogger(__name__)


class ClientKeys:
    """What was read last: `entries` by public id. A row that is not as we wrote it lets nobody in."""

    def __init__(self) -> None:
        self.entries: Mapping[str, ClientKeyEntry] = MappingProxyType({})
        self._keys: Checked[StoredClientKey] = {}
        self._grants: Checked[StoredGrant] = {}
        self._made: dict[str, tuple[str, ClientKeyEntry]] = {}  # key id → public id and entry

    def read(self, connection: engine.Connection, *, is_whole: bool) -> Mapping[str, ClientKeyEntry]:
        """The entries after what was committed; the same object when no key and no grant changed. Cost follows the change."""
        keys, grants = stored.client_key_macs(connection), stored.grant_macs(connection)
        known, granted = ({}, {}) if is_whole else (self._keys, self._grants)
        new, more = _others(keys, known), _others(grants, granted)
        gone = [row for grant_id, (_, row) in granted.items() if row is not None and (grant_id in more or grant_id not in grants)]
        if not (is_whole or new or more or gone) and known.keys() == keys.keys():
            return self.entries
        rows = {row.id: row for row in stored.client_keys(connection, new)} if new else {}
        added = stored.grants(connection, more) if more else {}
        _tell("client key", new - rows.keys())
        _tell("grant of a client key", more - added.keys())
        self._keys = {i: (mac, rows.get(i)) if i in new else known[i] for i, mac in keys.items()}
        self._grants = {i: (mac, added.get(i)) if i in more else granted[i] for i, mac in grants.items()}
        self._make(new | {grant.client_key_id for grant in (*added.values(), *gone)})
        return self.entries

    def _make(self, changed: set[str]) -> None:
        """Build the entries of these keys, and leave out those of keys that are gone."""
        theirs: dict[str, list[StoredGrant]] = {key_id: [] for key_id in changed}
        for _, grant in self._grants.values():
            if grant is not None and grant.client_key_id in theirs:
                theirs[grant.client_key_id].append(grant)
        made = {i: held for i, held in self._made.items() if i in self._keys and i not in changed}
        for key_id in changed & self._keys.keys():
            row = self._keys[key_id][1]
            if row is not None and (entry := build.client_key(row, theirs[key_id])) is not None:
                made[key_id] = (row.public_id, entry)
        self._made = made
        self.entries = MappingProxyType(dict(made.values()))


def _others(macs: Mapping[str, bytes | None], known: Checked[Row]) -> set[str]:
    """Ids of the rows that were not read yet, or carried another MAC."""
    return {row_id for row_id, mac in macs.items() if row_id not in known or known[row_id][0] != mac}


def _tell(what: str, refused: Iterable[str]) -> None:
    for row_id in sorted(refused):
        _log.warning("The %s %.40s was added or changed outside Patchbay and is refused. Run: patchbay doctor", what, row_id)
