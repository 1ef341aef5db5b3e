"""`audit …`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli import shell
from app.cli.shell import DataDir, Json
from app.domain.actor import Actor

audit = typer.Typer(help="The audit log: who did what.", no_args_is_help=True)


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@audit.command("verify")
def verify_audit(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Follow the whole chain; exit 1 at the first entry that does not hold."""
    from app.services import audit as service

    verdict = shell.at_home(service.verify, data_dir)
    good = [f"{verdict.checked} entries, whole and unchanged."] if verdict.ok else []
    shell.show(verdict, as_json=as_json, lines=good)
    if not verdict.ok:
        shell.fail(f"Entry {verdict.first_bad} is not valid: {verdict.reason}.")


@audit.command("export")
def export_audit(
    fmt: Annotated[Format, typer.Option("--format", help="One JSON object per line, or a table.")] = Format.JSONL,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Every entry with its hashes, the oldest first."""
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

    shell.at_home(export, data_dir)
