"""`python -m app.translator`: greeted on stdin, says one word on stdout, and ends when stdin does (however its parent ended)."""

import asyncio
import gc
import logging
import os
import signal
import sys
import warnings

import msgspec

from app.domain.translation import Greeting

READY, MISSING, BROKEN = "ready", "missing", "broken"


async def serve() -> str:
    """Serve until stdin ends. Gives back the word that says why it did not begin, or ""."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    greeting = msgspec.json.decode(await reader.readline(), type=Greeting)
    try:
        from app.translator.server import Server

        server = Server(greeting)
        await server.start()
    except ImportError:
        return MISSING
    except OSError:
        return BROKEN
    _say(READY)
    _hush()
    try:
        await reader.read()
    finally:
        await server.close()
    return ""


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _hush() -> None:
    """LiteLLM prints, warns and logs what applications say. The serving process says what has to be said."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def main() -> None:
    """Entry point."""
    # Signals go to whole groups; streams that run here end when the serving process has let them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.disable()  # until all that stays is there
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if word := asyncio.run(serve()):
        _say(word)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
