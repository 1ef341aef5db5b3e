"""What a reader is told when a handler fails in a way nobody foresaw, and what the log says when a page does. Reflex's own answer needs
`eval`, which the page forbids."""

import logging

import reflex as rx
from reflex.event import EventSpec

from app.logs import rate
from app.ui import i18n
from app.ui.session import sockets
from app.ui.session.notices import answered, language, tell

_LONGEST = 2_000

_log = logging.getLogger(__name__)


class Unforeseen(rx.State):
    """Says that something went wrong, without what."""

    @rx.event
    @answered
    async def confess(self) -> None:
        """Tell the reader to try again."""
        await tell(self, "error", i18n.say(await language(self), "error.unknown"))


def answer(exception: Exception) -> EventSpec:
    """Log the failure, tell the reader that there was one. The log says what kind it was and where."""
    sockets.blame()
    _log.error("A handler failed", exc_info=exception)
    return Unforeseen.confess()  # pyright: ignore[reportReturnType]  # called on the class, a handler gives an EventSpec


def reported(exception: Exception) -> None:
    """Log what a page says of its own failure. From a signed-in page it is a fault of ours; a stranger may write what they like."""
    _log.log(logging.INFO if rate.is_of_strangers() else logging.WARNING, "A page failed: %s", str(exception)[:_LONGEST])
