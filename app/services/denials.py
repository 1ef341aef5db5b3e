"""What somebody known to us tried and may not: an entry of the audit, so that a bypass that is being looked for can be seen."""

import logging

from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.errors import PatchbayError
from app.domain.window import Window
from app.storage.work import work

# Whoever tries without end must not fill the audit.
PER_MINUTE = 10

_log = logging.getLogger(__name__)
_recent = Window()


async def record(actor: Actor, what: str) -> None:
    """Audit a refusal. `what` names a handler or a route, nothing that was sent. The refusal stands whatever happens here."""
    if not _recent.hit(actor.id, PER_MINUTE):
        return
    try:
        async with work(actor) as doing:
            doing.record(Action.ACCESS_DENY, target=("permission", "", what), outcome=Outcome.DENIED)
    except PatchbayError as error:
        _log.error("A refusal could not be audited: %s", error.message)
