"""The commands that are no noun, and the tree of all."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete, get_completion_class

from app import __version__, logs
from app.cli import audit_commands, doctor, grammar, house, master_key_commands, nouns, output, people_commands, preset_commands
from app.cli.exits import Exit, Failure
from app.domain.actor import Actor

if TYPE_CHECKING:
    from app.settings import Settings

app = grammar.Patchbay("patchbay", help="One console and one address for your LLM providers.")
_PORT = click.IntRange(1, 65_535)


def _tree() -> None:
    for noun, (help_, verbs) in nouns.commands().items():
        group = grammar.Noun(noun, help=help_)
        for verb in verbs:
            group.add_command(verb)
        app.add_command(group)
    for noun, more in (
        ("audit", (audit_commands.export, audit_commands.remove_refused)),
        ("user", (people_commands.reset,)),
        ("preset", (preset_commands.check,)),
    ):
        group = app.commands[noun]
        assert isinstance(group, grammar.Noun)  # noqa: S101 - made above
        for command in more:
            group.add_command(command)
    app.add_command(master_key_commands.master_key)


def main() -> None:
    """Entry point. A failure that nobody foresaw is told by kind and place: its text could hold what was typed."""
    try:
        app.main(prog_name="patchbay")
    except Exception as error:  # noqa: BLE001 - the edge
        failure = Failure(f"An unexpected error occurred. Please report it.\n{logs.trace(error)}")
        raise SystemExit(int(grammar.told(failure, as_json="--json" in sys.argv))) from None


def _version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(f"patchbay {__version__}")
        context.exit()


app.params.append(
    click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version.")
)


@app.command("version")
def tell_version() -> None:
    """Print the version."""
    if grammar.said().as_json:
        output.as_json({"version": __version__})
    else:
        output.lines([__version__])


@app.command()
@click.option("--host", help="Address to listen on [env: PATCHBAY_HOST].")
@click.option("--port", type=_PORT, help="Port to listen on [env: PATCHBAY_PORT].")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--allow-partial", is_flag=True, help="Start even if some provider keys cannot be read.")
def serve(host: str | None, port: int | None, no_browser: bool, allow_partial: bool) -> None:
    """Console, REST and gateway on one port."""
    from app import serve as launcher

    chosen = _chosen(host=host, port=port)
    launcher.run(chosen, allow_partial=allow_partial or chosen.allow_partial, open_browser=not no_browser)


@app.command()
@click.option("--host", help="Address to listen on [env: PATCHBAY_HOST].")
@click.option("--port", type=_PORT, help="Port to listen on [env: PATCHBAY_PORT].")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that share the port [env: PATCHBAY_WORKERS].")
@click.option("--allow-partial", is_flag=True, help="Start even if some provider keys cannot be read.")
def gateway(host: str | None, port: int | None, workers: int | None, allow_partial: bool) -> None:
    """More gateway workers for the same data: /v1 only, on their own port."""
    from app import serve as launcher

    chosen = _chosen(host=host, port=port, workers=workers)
    launcher.run_gateway(chosen, allow_partial=allow_partial or chosen.allow_partial)


@app.command()
def build() -> None:
    """Build the pages. Only this step needs Node."""
    from app.ui.build import bundle

    try:
        bundle.build(click.echo)
    except bundle.BuildFailed as error:
        raise Failure(error.message) from error


@app.command("setup-link")
def setup_link() -> None:
    """Print a new one-time link to create the first admin. Earlier links stop working."""
    from app import serve as launcher
    from app import settings
    from app.services import setup

    async def issue(caller: Actor) -> str:
        return await setup.issue_link(caller)

    said = grammar.said()
    token = house.on_folder(said, issue, begins=True)
    link = f"{launcher.address(settings.current())}/setup#{token}"
    if said.as_json:
        output.as_json({"link": link})
    else:
        output.lines([link])


@app.command("doctor")
def examine() -> None:
    """Check the installation and say how to fix what is wrong; exit 5 if a check fails."""
    said = grammar.said()
    house.point_to(said.data_dir)
    findings = doctor.examine()
    failed = [found for found in findings if found.state == "fail"]
    if said.as_json:
        output.as_json(output.envelope([found.__dict__ for found in findings]))
    elif said.quiet:
        output.lines(found.what for found in failed)
    else:
        output.lines(f"{found.state:<5} {found.what}: {found.sentence}" for found in findings)
    if failed:
        raise Failure("Some checks failed; see the lines marked fail.", Exit.UNWELL, is_told=True)


@app.command("openapi")
@click.option("--output", "file", type=click.Path(path_type=Path), help="Write to this file.")
def openapi(file: Path | None) -> None:
    """Print the OpenAPI document of the REST interface."""
    from app.api import application
    from app.api.openapi import document

    text = json.dumps(document.document(application.make_fastapi()), indent=2)
    if file:
        file.write_text(text + "\n", "utf-8")
    else:
        click.echo(text)


@app.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what completes commands in a shell: eval "$(patchbay completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of those above
    click.echo(ShellComplete.source(kind(app, {}, "patchbay", "_PATCHBAY_COMPLETE")))


def _chosen(**given: str | int | None) -> "Settings":
    """The settings, with what was said on the command line."""
    from app import settings

    house.point_to(grammar.said().data_dir)
    return settings.current().model_copy(update={name: value for name, value in given.items() if value is not None})


_tree()
