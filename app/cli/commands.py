"""The commands, and how they are grouped."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import logs
from app.cli import audit_commands, doctor, master_key_commands, people_commands, provider_commands, shell
from app.cli.shell import DataDir, Json
from app.domain.actor import Actor

if TYPE_CHECKING:
    from app.settings import Settings

app = typer.Typer(
    name="patchbay", help="One console and one address for your LLM providers.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
app.add_typer(people_commands.user, name="user")
app.add_typer(people_commands.client_key, name="client-key")
app.add_typer(provider_commands.provider, name="provider")
app.add_typer(provider_commands.preset, name="preset")
app.add_typer(audit_commands.audit, name="audit")
app.add_typer(master_key_commands.master_key, name="master-key")


def main() -> None:
    """Entry point. A failure that nobody foresaw is told by kind and place: its text could hold what was typed."""
    try:
        app(prog_name="patchbay")
    except Exception as error:  # noqa: BLE001 - the edge
        shell.fail(f"An unexpected error occurred. Please report it.\n{logs.trace(error)}")


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [env: PATCHBAY_HOST].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on [env: PATCHBAY_PORT].")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    allow_partial: Annotated[bool, typer.Option("--allow-partial", help="Start even if some provider keys cannot be read.")] = False,
) -> None:
    """Console, REST and gateway on one port."""
    from app import serve as launcher

    chosen = _chosen(data_dir, host=host, port=port)
    launcher.run(chosen, allow_partial=allow_partial or chosen.allow_partial, open_browser=not no_browser)


@app.command()
def gateway(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [env: PATCHBAY_HOST].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on [env: PATCHBAY_PORT].")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that share the port [env: PATCHBAY_WORKERS].")] = None,
    allow_partial: Annotated[bool, typer.Option("--allow-partial", help="Start even if some provider keys cannot be read.")] = False,
) -> None:
    """More gateway workers for the same data: /v1 only, on their own port."""
    from app import serve as launcher

    chosen = _chosen(data_dir, host=host, port=port, workers=workers)
    launcher.run_gateway(chosen, allow_partial=allow_partial or chosen.allow_partial)


@app.command()
def build() -> None:
    """Build the pages. Only this step needs Node."""
    from app.ui.build import bundle

    try:
        bundle.build(typer.echo)
    except bundle.BuildFailed as error:
        shell.fail(error.message)


@app.command("setup-link")
def setup_link(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print a new one-time link to create the first admin. Earlier links stop working."""
    from app import serve as launcher
    from app import settings
    from app.services import setup

    async def issue(caller: Actor) -> str:
        return await setup.issue_link(caller)

    token = shell.run_as_cli_user(issue, data_dir, found=True)
    link = f"{launcher.address(settings.current())}/setup#{token}"
    shell.show({"link": link}, as_json=as_json, lines=[link])


@app.command("doctor")
def examine(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the installation and say how to fix what is wrong."""
    shell.point_to(data_dir)
    findings = doctor.examine()
    shell.show([f.__dict__ for f in findings], as_json=as_json, lines=[f"{f.state:<5} {f.what}: {f.sentence}" for f in findings])
    if any(f.state == "fail" for f in findings):
        shell.fail("Some checks failed; see the lines marked fail.")


def _chosen(data_dir: Path | None, **given: str | int | None) -> "Settings":
    """The settings, with what was said on the command line."""
    from app import settings

    shell.point_to(data_dir)
    return settings.current().model_copy(update={name: value for name, value in given.items() if value is not None})


@app.command("openapi")
def openapi(output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None) -> None:
    """Print the OpenAPI document of the REST interface."""
    from app.api import application
    from app.api.openapi import document

    text = json.dumps(document.document(application.make_fastapi()), indent=2)
    if output:
        output.write_text(text + "\n", "utf-8")
    else:
        typer.echo(text)
