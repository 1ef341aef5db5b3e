"""Granian as we start it. Whoever starts it has loaded nothing but the launcher: its workers are forks of that process."""

from typing import Any

from granian.server.mp import MPServer


class Server(MPServer):
    """Granian with processes as workers that hears a second signal: the first lets running requests end, the second ends them at once."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """In the main process, on SIGTERM and SIGINT."""
        if self.interrupt_signal:
            for worker in self.wrks:
                worker.terminate()
        super().signal_handler_interrupt(*args, **kwargs)
