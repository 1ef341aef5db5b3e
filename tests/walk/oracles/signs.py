"""Signs of life: buttons that stay busy, notices told twice, things that stick out."""

import re
from collections import Counter
from pathlib import Path

from app.ui import i18n
from tests.walk.seen import Kind, Seen

_LATE = re.compile(r"\bserve (\d+) @ ")


def toast_twice(seen: Seen) -> list[str]:
    """One notice twice for one step, or once more where nothing happened."""
    new = seen.new_toasts
    again = [i18n.say(code, "line.offline") for code in i18n.languages()] if seen.step.kind is Kind.TROUBLE else []  # every eight seconds
    found = [f"notice twice: {text!r}" for text, times in Counter(new).items() if times > 1 and text not in again]
    if seen.step.kind in (Kind.LOAD, Kind.LEAVE) and seen.pressed > 1:
        found += [f"notice again: {text!r}" for text in dict.fromkeys(new) if text in seen.heard]
    return found


def overflow(seen: Seen) -> list[str]:
    """Something is wider than its place."""
    return [f"sticks out: {what}" for what in seen.after.sticking]


def pulse(seen: Seen) -> list[str]:
    """The dot beside “Live” says that something is not current, or that the line is lost, while the server is there."""
    if any(_is_gone(text.text) for text in seen.after.texts):
        return []
    return [f"the dot beside “Live” stays {look!r}" for look in seen.after.pulse if "wait" in look or "lost" in look]


def _is_gone(text: str) -> bool:
    """Waits for a worker that the stop had to end: it took no leave, and counts until its heartbeats are too old."""
    late = _LATE.search(text)
    return late is not None and not Path(f"/proc/{late[1]}").exists()


def stuck(seen: Seen) -> list[str]:
    """Buttons that are busy before and after a wait that is longer than any request runs."""
    return [f"busy for ever: {label!r}" for label in dict.fromkeys(seen.before.busy) if seen.step.waited and label in seen.after.busy]


def doubled(seen: Seen) -> list[str]:
    """What was sent twice was done twice: two new things of one name."""
    was, now = seen.truth_before, seen.truth
    if not seen.step.twice or was is None or now is None:
        return []
    more = Counter(now.client_keys) - Counter(was.client_keys)
    found = [f"two new keys for apps: {name!r}" for name, times in more.items() if times > 1]
    known = {p.name: p for p in was.providers}
    labels = Counter(p.label for p in now.providers if p.name not in known)
    found += [f"two new providers: {label!r}" for label, times in labels.items() if times > 1]
    for provider in now.providers:
        keys = Counter(provider.keys) - Counter(known[provider.name].keys) if provider.name in known else Counter()
        found += [f"two new keys of {provider.name}: {label!r}" for label, times in keys.items() if times > 1]
    return found
