"""`audit …`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli import shell
from app.cli.shell import DataDir, Json
from app.domain.actor import Actor
from app.domain.audit import RefusedRow

audit = typer.Typer(help="The audit log: who did what.", no_args_is_help=True)


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@audit.command("verify")
def verify_audit(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Verify the audit log and list rows that were added or changed outside Patchbay; exit 1 if anything is wrong."""
    from app.services import audit as service

    verdict = shell.run_as_cli_user(service.verify, data_dir)
    lines = [] if verdict.first_bad else [f"{verdict.checked} entries, whole and unchanged."]
    shell.show(verdict, as_json=as_json, lines=[*lines, *map(refusal, verdict.refused)])
    if verdict.first_bad:
        shell.fail(f"Entry {verdict.first_bad} is not valid: {verdict.reason}.")
    if verdict.refused:
        shell.fail(f"{len(verdict.refused)} rows were added or changed outside Patchbay and are refused.")


@audit.command("remove-refused")
def remove_refused(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Delete the rows that `audit verify` lists as added or changed outside Patchbay."""
    from app.services import refused

    found = shell.run_as_cli_user(refused.remove, data_dir)
    shell.show(found, as_json=as_json, lines=[f"{row.kind} {row.name} ({row.id}) is removed." for row in found] or ["There are none."])


def refusal(row: RefusedRow) -> str:
    """A row that is refused, and what to do about it."""
    return f"The {row.kind} {row.name} ({row.id}) was added or changed outside Patchbay and is refused. {row.advice}"


@audit.command("export")
def export_audit(
    fmt: Annotated[Format, typer.Option("--format", help="One JSON object per line, or a table.")] = Format.JSONL,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Export every entry with its hashes, oldest first."""
    from app.services import audit as service

    async def export(caller: Actor) -> None:
        lines = await service.export(caller, fmt.value)
        if output is None:
            async for line in lines:
                typer.echo(line, nl=False)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            async for line in lines:
                file.write(line)

    shell.run_as_cli_user(export, data_dir)
