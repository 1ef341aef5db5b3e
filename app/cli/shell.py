"""What every command shares: where the data is, how an answer is printed, how a refusal ends.

Exit codes: 0 done, 1 refused or failed with one sentence on stderr, 2 wrong usage, 78 configuration.
"""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from app import presets, settings
from app.domain.actor import Actor, command_line
from app.domain.errors import PatchbayError, StorageError, VaultError
from app.domain.secret import Secret

T = TypeVar("T")

REFUSED, USAGE, CONFIGURATION = 1, 2, 78

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the database and the master key [env: PATCHBAY_DATA_DIR].")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the provider's key from stdin.")]
SecretFile = Annotated[Path | None, typer.Option("--secret-file", help="Read the provider's key from a file.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", help="Read the password from a file.")]


def run_as_cli_user(action: Callable[[Actor], Awaitable[T]], data_dir: Path | None, *, found: bool = False) -> T:
    """Open the house, do one thing as the person at this shell, close it. `found`: begin a new data folder if there is none."""
    point_to(data_dir)
    current = settings.current()
    if not found and not current.database_url and not (current.data_dir / "patchbay.db").is_file():
        fail(
            f"There is no Patchbay data in {current.data_dir}. Start it with patchbay serve, or set its folder with --data-dir.",
            CONFIGURATION,
        )
    try:
        return asyncio.run(_inside(action))
    except (VaultError, StorageError) as error:
        fail(error.message, CONFIGURATION)
    except presets.BadPreset as error:
        fail(f"A preset cannot be used. {error}", CONFIGURATION)
    except PatchbayError as error:
        fail(_sentence(error))
    except OSError as error:
        fail(f"The data folder {current.data_dir} cannot be used: {error.strerror}.", CONFIGURATION)


def point_to(data_dir: Path | None) -> None:
    """Let this process work in that data folder."""
    if data_dir is not None:
        os.environ["PATCHBAY_DATA_DIR"] = str(data_dir)
        settings.current.cache_clear()
    try:
        settings.current()
    except ValidationError as error:
        fail(settings.told(error), CONFIGURATION)


def fail(sentence: str, code: int = REFUSED) -> NoReturn:
    """Say why not on stderr, and end."""
    typer.echo(sentence, err=True)
    raise SystemExit(code)


def show(records: object, *, as_json: bool, lines: Iterable[str] = ()) -> None:
    """Print records as JSON, or their lines for people."""
    if as_json:
        typer.echo(json.dumps(_plain(records), ensure_ascii=False, indent=2))
        return
    for line in lines:
        typer.echo(line)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Aligned columns under their heads."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(heads), *cells]) for i in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [list(heads), *cells]]


def secret(*, stdin: bool, file: Path | None) -> Secret | None:
    """A secret from stdin or a file, never from an argument: arguments can be read by everybody on a machine."""
    if stdin and file:
        fail("Pass the secret on stdin or in a file, not both.", USAGE)
    if file:
        try:
            return Secret(file.read_text("utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError):
            fail(f"The file {file} cannot be read.", USAGE)
    if stdin:
        return Secret(sys.stdin.read().rstrip("\r\n"))
    return None


def password(*, stdin: bool, file: Path | None) -> Secret:
    """A password, which is always needed; asked for when a person sits there."""
    given = secret(stdin=stdin, file=file)
    if given is None and sys.stdin.isatty():
        given = Secret(getpass.getpass("Password: "))
    if given is None:
        fail("Pass the password with --password-stdin or --password-file.", USAGE)
    return given


async def _inside(action: Callable[[Actor], Awaitable[T]]) -> T:
    from app import lifespan
    from app.storage.database import engine

    current = settings.current()
    current.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    await asyncio.to_thread(engine.migrate, current.url)
    async with lifespan.runtime(serving=False):
        return await action(command_line(getpass.getuser()))


def _plain(records: object) -> object:
    if isinstance(records, list | tuple):
        return [_plain(record) for record in records]
    return records.model_dump(mode="json") if isinstance(records, BaseModel) else records


def _sentence(error: PatchbayError) -> str:
    """One sentence with what would work instead."""
    return f"{error.message} Try: {', '.join(error.suggestions)}." if error.suggestions else error.message
