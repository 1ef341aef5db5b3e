"""The triggers that keep the audit append-only, as digests: a table rebuild or a visitor could remove them silently."""

import hashlib

from sqlalchemy import Connection, text

from app.domain.errors import StorageError

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')"
# tgtype: when and for what it fires; tgenabled: O = on. prosrc is the function's body as it was written.
_POSTGRESQL = """SELECT t.tgname, concat_ws('|', c.relname, t.tgtype, t.tgenabled, p.prosrc)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relname IN ('audit', 'audit_head') AND c.relnamespace = current_schema()::regnamespace"""

EXPECTED: dict[str, dict[str, str]] = {
    "sqlite": {
        "audit_no_update": "7f89de02edff21ae",
        "audit_no_delete": "8db94f2a077d2768",
        "audit_in_order": "b1d09289b19f013d",
        "audit_head_forward": "cdb58d2ef61c8e04",
        "audit_head_no_delete": "132ef2f7c67e9f1e",
    },
    "postgresql": {
        "audit_no_update": "6bb0cf1a4085d1d3",
        "audit_no_truncate": "40d6d311e623989d",
        "audit_in_order": "20ccb72910a51cb6",
        "audit_head_forward": "5daa0690ea518e98",
        "audit_head_no_delete": "8b7a632d379a7596",
        "audit_head_no_truncate": "e25c8844c52e5bd6",
    },
}


def found(connection: Connection) -> tuple[str, dict[str, str]]:
    """The dialect and, for each trigger of the audit, the first 16 hex of the SHA-256 of its text."""
    dialect = connection.dialect.name
    rows = connection.execute(text(_SQLITE if dialect == "sqlite" else _POSTGRESQL)).all()
    return dialect, {name: hashlib.sha256(" ".join(body.split()).encode()).hexdigest()[:16] for name, body in rows}


def require(state: tuple[str, dict[str, str]]) -> None:
    """Raise `StorageError` naming the triggers that are missing, strange or changed."""
    dialect, present = state
    expected = EXPECTED[dialect]
    if wrong := sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name)):
        raise StorageError(
            f"The audit is not protected: {', '.join(wrong)} differ from what Patchbay installs. "
            "The database was changed outside Patchbay. Restore a backup or recreate these triggers.",
            details={"triggers": wrong},
        )
