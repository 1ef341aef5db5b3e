"""Secrets come from stdin or a file, never from an argument: arguments can be read by everybody on a machine."""

import getpass
import sys
from pathlib import Path

import click


def read(*, stdin: bool, file: Path | None) -> str | None:
    """What was given, without the end of its line. None = nothing was given."""
    if stdin and file:
        raise click.UsageError("Pass the secret on stdin or in a file, not both.")
    if file:
        return of_file(file)
    return sys.stdin.read().rstrip("\r\n") if stdin else None


def of_file(file: Path) -> str:
    """The text of a file, without the end of its last line."""
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"The file {file} cannot be read.") from None


def needed(name: str, *, stdin: bool, file: Path | None) -> str:
    """A secret that the command cannot do without; asked for where a person sits there."""
    given = read(stdin=stdin, file=file)
    if given is None and sys.stdin.isatty():
        given = getpass.getpass(f"{name.capitalize()}: ")
    if given is None:
        raise click.UsageError(f"Pass the {name} with --{name}-stdin or --{name}-file.")
    return given
