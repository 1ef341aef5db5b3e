"""Granian as we start it. Whoever starts it has loaded nothing but the launcher: its workers are forks of that process."""

import multiprocessing
import os
import resource
import signal
from contextlib import suppress
from typing import Any

from granian.server.mp import MPServer

# Connections one worker holds; granian's own limit of 1,024 counts idle ones, and anybody can open those. The next ones wait.
_CONNECTIONS = 16_384
# For a head to arrive, and between two requests of a connection: who says nothing for longer makes room. Pools of clients keep idle
# connections for 5 to 15 s.
HEAD_SECONDS = 20
_OPEN_FILES = 65_536
_OTHER_FILES = 512
# What a worker hears when whoever waits has no more time. Not the signal that ends it: two of one kind that have not arrived yet are
# one, and a service manager that signals every process of a service has not signalled twice.
HURRY = signal.SIGUSR1


def connections() -> int:
    """How many connections a worker may hold. Each call needs a second one, to its provider: the soft limit of open files, 1,024 in
    many shells, is lifted for that as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    return max(64, min(_CONNECTIONS, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES) // 2))


def forget_signals() -> None:
    """In a worker that begins: it is a fork of the launcher and would hear a signal as the launcher does, who only notes it. It holds
    nothing yet, so a signal ends it."""
    if multiprocessing.parent_process() is not None:
        for heard in (signal.SIGTERM, signal.SIGINT):
            signal.signal(heard, signal.SIG_DFL)


class Server(MPServer):
    """Granian with processes as workers that hears a second signal: the first lets running requests end, the second ends them at once."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """In the main process, on SIGTERM and SIGINT."""
        if self.interrupt_signal:
            for worker in self.wrks:
                worker.interrupt_by_parent = True  # one that is still starting does not know the signal, and it ends it
                if worker.is_alive():
                    with suppress(ProcessLookupError):
                        os.kill(worker.inner.pid, HURRY)
        super().signal_handler_interrupt(*args, **kwargs)
