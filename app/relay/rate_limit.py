"""How often one person may have providers called by hand: a test costs money, and it reaches out."""

from app.domain.errors import TooManyAttempts
from app.domain.window import Window

PER_MINUTE = 30

_recent = Window()  # by kind and actor id; per process is enough


def count(actor_id: str, *, kind: str = "test", most: int = PER_MINUTE, weight: int = 1) -> None:
    """Count one test or look-up of models, or `weight` of one `kind` of its own. Raises `TooManyAttempts` with the seconds to wait
    when that would be more than `most` in a minute."""
    who = kind, actor_id
    if not _recent.hit(who, most, weight):
        wait = max(1, round(_recent.wait(who, most, weight)))
        raise TooManyAttempts(f"Too many tests in a short time. Try again in {wait} seconds.", details={"retry_after": wait})
