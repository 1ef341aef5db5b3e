"""What somebody known to us tried and may not: an entry of the audit, so that a bypass that is being looked for can be seen."""

import logging
import time
from collections import deque

from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.errors import PatchbayError
from app.storage.work import work

# Whoever tries without end must not fill the audit.
PER_MINUTE = 10
_MOST_PEOPLE = 10_000

_log = logging.getLogger(__name__)
_recent: dict[str, deque[float]] = {}


async def record(actor: Actor, what: str) -> None:
    """Audit a refusal. `what` names a handler or a route, nothing that was sent. The refusal stands whatever happens here."""
    if not _counts(actor.id):
        return
    try:
        async with work(actor) as doing:
            doing.record(Action.ACCESS_DENY, target=("permission", "", what), outcome=Outcome.DENIED)
    except PatchbayError as error:
        _log.error("A refusal could not be audited: %s", error.message)


def _counts(actor_id: str) -> bool:
    at = time.monotonic()
    if len(_recent) > _MOST_PEOPLE:
        _recent.clear()
    times = _recent.setdefault(actor_id, deque())
    while times and at - times[0] > 60:
        times.popleft()
    if len(times) >= PER_MINUTE:
        return False
    times.append(at)
    return True
