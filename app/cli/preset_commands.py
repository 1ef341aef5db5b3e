"""`preset check`: for those who write one."""

from pathlib import Path

import click

from app.cli import grammar, output
from app.cli.exits import Exit, Failure


@click.command("check", cls=grammar.Command)
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a preset file, presets/<name>.toml, and list its mistakes; exit 5 if it cannot be used."""
    from app import languages, presets
    from app.ui.build import bundle

    try:
        found = presets.read(file)
    except presets.BadPreset as error:
        raise Failure(str(error), Exit.UNWELL) from error
    told = [f"To be shipped it also needs {lacking}." for lacking in presets.shortfalls(found)]
    if found.logo and bundle.logos() and found.logo not in bundle.logos():
        told.append(f"There is no logo “{found.logo}”: initials are shown. Those there are: {bundle.HOME}/build/client/logos")
    if untold := [one.name for one in languages.shipped().values() if one.is_complete and one.code not in ("en", *found.description_in)]:
        told.append(f"Described in English to people who read {', '.join(untold)}: add description_in to tell them in their language.")
    said = grammar.said()
    if said.as_json:
        output.as_json({"preset": output.plain(found), "notes": told})
    else:
        output.lines([found.id] if said.quiet else [f"{file.name}: {found.label}, {found.base_url}", *told])
