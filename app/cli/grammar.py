"""The shape of every command: `patchbay NOUN VERB [ID]`, what may be said on all of them, and how each ends."""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from app.cli import output
from app.cli.exits import Exit, Failure

SECOND_NAMES = {"add": "create", "remove": "delete"}


@dataclass
class Said:
    """What was said on the command line beside the command itself, before or after it."""

    data_dir: Path | None = None
    url: str | None = None
    key_file: Path | None = None
    as_json: bool = False
    quiet: bool = False


def said() -> Said:
    """Of the command that runs."""
    return click.get_current_context().find_root().ensure_object(Said)


def everywhere() -> list[click.Parameter]:
    """The options of every command and of every noun."""

    def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            setattr(context.find_root().ensure_object(Said), str(option.name), value)

    def option(flag: str, name: str, said: str, **more: Any) -> click.Option:
        return click.Option([flag, name], help=said, callback=keep, expose_value=False, **more)

    path = click.Path(path_type=Path)
    return [
        option("--data-dir", "data_dir", "Folder of the database and the master key [env: PATCHBAY_DATA_DIR].", type=path),
        option("--url", "url", "Work on the running server at this address [env: PATCHBAY_URL]."),
        option("--key-file", "key_file", "File with an app key for that server [env: PATCHBAY_KEY_FILE].", type=path),
        option("--json", "as_json", "Machine-readable output.", is_flag=True),
        option("--quiet", "quiet", "Print IDs only.", is_flag=True),
    ]


class Command(click.Command):
    """A command with the options that all have."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self.params = [*self.params, *everywhere()]


class Noun(click.Group):
    """`patchbay provider …`. `add` and `remove` stay as second names that no help lists."""

    command_class = Command

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, no_args_is_help=True, **given)
        self.params = [*self.params, *everywhere()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, SECOND_NAMES.get(cmd_name, cmd_name))


class Patchbay(Noun):
    """The root: whatever happens below it ends in one exit code and at most one sentence on stderr."""

    group_class = Noun

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        words = list(sys.argv[1:] if args is None else args)
        name = prog_name or "patchbay"
        said = Said()
        try:
            self._main_shell_completion(extra, name, complete_var)
            with self.make_context(name, words.copy(), obj=said, **extra) as context:
                self.invoke(context)
            sys.stdout.flush()
            code = Exit.DONE
        except click.exceptions.Exit as ended:
            code = ended.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = Exit.USAGE
        except click.UsageError as error:
            code = told(Failure(_usage(error), Exit.USAGE), as_json="--json" in words)
        except click.ClickException as error:
            code = told(Failure(error.format_message(), Exit.FAILED), as_json=said.as_json)
        except Failure as error:
            code = told(error, as_json=said.as_json)
        except BrokenPipeError:
            code = _unheard()
        except (click.Abort, KeyboardInterrupt, EOFError):
            code = Exit.INTERRUPTED
        raise SystemExit(int(code))


def told(failure: Failure, *, as_json: bool) -> Exit:
    try:
        if as_json and not failure.is_told:
            output.as_json(failure.body)
        sys.stdout.flush()
    except BrokenPipeError:
        return _unheard()
    click.echo(failure.message, err=True)
    return failure.code


def _usage(error: click.UsageError) -> str:
    """One sentence with where to read on."""
    help_ = f" See {error.ctx.command_path} --help" if error.ctx else ""
    return f"{error.format_message()}{help_}"


def _unheard() -> Exit:
    """Whoever read stdout has left. What is still buffered goes nowhere, so that the end of the process does not complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.PIPE
