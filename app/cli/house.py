"""Where a command works: on the data folder, in this process, or on a running server. Either way it is asked as REST is asked."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app import presets, settings
from app.cli import exits
from app.cli.exits import Exit, Failure
from app.cli.grammar import Said
from app.domain.actor import Actor, command_line
from app.domain.errors import PatchbayError

if TYPE_CHECKING:
    from app.cli.rest import Rest

T = TypeVar("T")


def run(said: Said, action: "Callable[[Rest], Awaitable[T]]", *, begins: bool = False) -> T:
    """Ask REST, wherever that is. `begins`: a new data folder is begun if there is none."""
    from app.cli import rest

    if address := server(said):
        key_file = said.key_file or (Path(named) if (named := os.environ.get("PATCHBAY_KEY_FILE")) else None)
        return asyncio.run(_there(rest.remote(address, key_file), action))

    async def here(caller: Actor) -> T:
        return await _there(rest.local(caller), action)

    return on_folder(said, here, begins=begins)


def on_folder(said: Said, action: Callable[[Actor], Awaitable[T]], *, begins: bool = False) -> T:
    """Open the house, do one thing as the person at this shell, close it. Only on the data folder."""
    if server(said):
        raise click.UsageError("This command works on the data folder alone. Run it on the server, without --url.")
    point_to(said.data_dir)
    current = settings.current()
    if not begins and not current.database_url and not (current.data_dir / "patchbay.db").is_file():
        raise Failure(
            f"There is no Patchbay data in {current.data_dir}. Start it with patchbay serve, or set its folder with --data-dir.",
            Exit.CONFIGURATION,
        )
    try:
        return asyncio.run(_inside(action))
    except presets.BadPreset as error:
        raise Failure(f"A preset cannot be used. {error}", Exit.CONFIGURATION) from error
    except PatchbayError as error:
        raise exits.of_error(error) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"The data folder {current.data_dir} cannot be used: {error.strerror}.", Exit.CONFIGURATION) from error


def server(said: Said) -> str:
    """The address of the server to work on, "" where it is the data folder. A folder that was said outweighs the environment."""
    if said.url and said.data_dir:
        raise click.UsageError("Give --url or --data-dir, not both.")
    return said.url or ("" if said.data_dir else os.environ.get("PATCHBAY_URL", ""))


def point_to(data_dir: Path | None) -> None:
    """Let this process work in that data folder."""
    from pydantic import ValidationError

    if data_dir is not None:
        os.environ["PATCHBAY_DATA_DIR"] = str(data_dir)
        settings.current.cache_clear()
    try:
        settings.current()
    except ValidationError as error:
        raise Failure(settings.told(error), Exit.CONFIGURATION) from error


async def _there(opened: Any, action: "Callable[[Rest], Awaitable[T]]") -> T:
    async with opened as asked:
        return await action(asked)


@asynccontextmanager
async def _open() -> AsyncIterator[None]:
    from app import lifespan
    from app.storage.database import engine

    current = settings.current()
    current.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    await asyncio.to_thread(engine.migrate, current.url)
    async with lifespan.runtime(serving=False):
        yield


async def _inside(action: Callable[[Actor], Awaitable[T]]) -> T:
    async with _open():
        return await action(command_line(getpass.getuser()))
