"""Only a few modules know that SQLite exists; everything else runs on either database."""

import ast
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
# The engine, what its errors mean, the migration's lock and the triggers' texts; the doctor says which library this is.
ALLOWED = {
    "storage/database/engine.py",
    "storage/database/faults.py",
    "storage/database/migration.py",
    "storage/database/triggers.py",
    "cli/doctor.py",
}
MARKS = ("pragma ", "sqlite_master", "insert or ", "strftime(", "datetime('now", "rowid", "json_extract(", "ifnull(", "group_concat(")


def faults(text: str) -> list[str]:
    """What in a module's source only SQLite understands."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names) if any(n.name.split(".")[0] in ("sqlite3", "aiosqlite") for n in names):
                found.append(f"line {node.lineno}: import")
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in ("sqlite3", "aiosqlite") or module.endswith(
                "dialects.sqlite"
            ):
                found.append(f"line {node.lineno}: import")
            case ast.Constant(value=str(value)) if any(mark in value.lower() for mark in MARKS):
                found.append(f"line {node.lineno}: {value[:40]}")
            case _:
                pass
    return found


def test_nothing_but_the_engine_knows_sqlite() -> None:
    modules = {str(file.relative_to(APP)): file for file in APP.rglob("*.py") if "_frontend" not in file.parts}

    assert {name: wrong for name, file in modules.items() if name not in ALLOWED and (wrong := faults(file.read_text()))} == {}


def test_what_only_sqlite_understands_is_caught() -> None:
    planted = (
        "import sqlite3",
        "from sqlalchemy.dialects.sqlite import insert",
        "text('PRAGMA data_version')",
        "text('INSERT OR REPLACE INTO audit VALUES (1)')",
    )
    assert [len(faults(line)) for line in planted] == [1, 1, 1, 1]
