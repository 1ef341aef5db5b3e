"""All oracles, asked about one step."""

from collections.abc import Callable

from tests.walk.oracles import dialogs, figures, lines, places, secrets, signs, texts
from tests.walk.seen import Seen

Oracle = Callable[[Seen], list[str]]
AT_ONCE: tuple[Oracle, ...] = (lines.console, lines.requests, lines.log, secrets.secrets, signs.toast_twice, signs.doubled, signs.stuck)
# A page may need a moment: what these find is a finding only if a later look finds it too.
IN_THE_END: tuple[Oracle, ...] = (
    texts.internals,
    texts.english,
    dialogs.foreign,
    dialogs.unasked,
    dialogs.two_questions,
    dialogs.undeclared,
    dialogs.focus,
    signs.overflow,
    signs.pulse,
    figures.figures,
    places.places,
)


def ask(oracles: tuple[Oracle, ...], seen: Seen) -> list[str]:
    """What they find."""
    return [found for oracle in oracles for found in oracle(seen)]
