"""Every tab of somebody signed in learns that something changed. It then asks for itself, through the guard: only a number is pushed."""

import asyncio
import logging
from dataclasses import dataclass, field

import reflex as rx

from app.domain.keyring import Spread
from app.domain.snapshot import Snapshot
from app.ui.presses import quiet
from app.ui.session import current_user
from app.ui.session.notices import answered

log = logging.getLogger(__name__)


class Live(rx.State):
    """`beat` grows with every change; pages look again when it does. `revision` is that of the registry, which `live` of `workers`
    processes answer by; `seconds` after the save all of them did (0 = not known), `late` is one that does not."""

    beat: int = 0
    revision: int = 0
    workers: int = 1
    live: int = 1
    seconds: float = 0.0
    late: str = ""

    @rx.event
    @answered
    @quiet
    async def look(self) -> None:
        """Where things stand when the tab opens."""
        for beacon in _lit:
            beacon.show(self)


@dataclass
class Beacon:
    """Tells the tabs of one process. Many changes in a row become one."""

    app: rx.App
    revision: int = 0
    beat: int = 0
    spread: Spread | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _told: tuple[object, ...] = ()

    def flash(self, snapshot: Snapshot) -> None:
        """The registry has a new snapshot. Returns at once."""
        self.revision = max(self.revision, snapshot.revision)
        self.beat += 1
        self._changed.set()

    def follow(self, spread: Spread) -> None:
        """The change has come further. Returns at once; pages do not look again because of it."""
        self.spread = spread
        if self._spread() != self._told:
            self._changed.set()

    def show(self, live: Live) -> None:
        """Tell a tab where things stand."""
        live.beat, live.revision = self.beat, self.revision
        live.workers, live.live, live.seconds, live.late = self._spread()

    def _spread(self) -> tuple[int, int, float, str]:
        """What tabs see of the spread. A worker alone is the one they talk to: it has what it shows, whenever its heartbeat says so."""
        if (spread := self.spread) is None or spread.of < 2:
            return 1, 1, 0.0, ""
        late = next((f"{worker.kind} {worker.pid} @ {worker.host}" for worker in spread.late), "")
        return spread.of, spread.live, spread.seconds or 0.0, late

    async def run(self) -> None:
        """Tell the tabs until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._told = self._spread()
            namespace = self.app.event_namespace
            for token in list(namespace.token_to_sid) if namespace else ():
                try:
                    await self._tell(token)
                except Exception:
                    log.warning("a tab could not be told about a change", exc_info=True)

    async def _tell(self, token: str) -> None:
        async with self.app.modify_state(rx.BaseStateToken(ident=token, cls=Live)) as root:
            if await current_user.is_alive(root):  # how often something changes is nobody's business outside
                self.show(await root.get_state(Live))


_lit: list[Beacon] = []


def light(beacon: Beacon) -> None:
    """Make this the beacon of the process: tabs that open later read from it where things stand."""
    _lit[:] = [beacon]
