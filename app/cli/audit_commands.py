"""`audit export` and `audit remove-refused`: what is more than one request."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import fields, grammar, house, output
from app.domain.actor import Actor
from app.domain.audit import AuditVerdict, RefusedRow

if TYPE_CHECKING:
    from app.cli.rest import Rest


@click.command("export", cls=grammar.Command)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", help="One JSON object per line, or a table.")
@click.option("--output", "file", type=click.Path(path_type=Path), help="Write to this file instead of stdout.")
def export(form: str, file: Path | None) -> None:
    """Export every entry with its hashes, oldest first."""

    async def save(rest: "Rest") -> None:
        route = fields.route("export_audit")
        with click.open_file(str(file or "-"), "w", encoding="utf-8") as out:
            async with rest.stream(route.method, route.path, query={"format": form}) as answer:
                async for text in answer.aiter_text():
                    out.write(text)

    house.run(grammar.said(), save)


@click.command("remove-refused", cls=grammar.Command)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
def remove_refused(dry_run: bool) -> None:
    """Delete the rows that `audit verify` lists as added or changed outside Patchbay."""
    from app.services import audit, refused

    async def look(caller: Actor) -> list[RefusedRow]:
        verdict: AuditVerdict = await audit.verify(caller)
        return verdict.refused

    said = grammar.said()
    found = house.on_folder(said, look if dry_run else refused.remove)
    if said.as_json:
        output.as_json(output.envelope(found, dry_run=dry_run))
    elif said.quiet:
        output.lines(row.id for row in found)
    else:
        would = "would be removed" if dry_run else "is removed"
        output.lines([f"{row.kind} {row.name} ({row.id}) {would}." for row in found] or ["There are none."])
