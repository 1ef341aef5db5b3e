"""Dialogs belong to one page and to a press; what was closed gives the focus back."""

from tests.walk.seen import Kind, Seen


def foreign(seen: Seen) -> list[str]:
    """A dialog that is still there on another page, or after a full load."""
    moved = seen.after.path.rstrip("/") != seen.before.path.rstrip("/") or seen.after.document != seen.before.document
    if not moved or (seen.step.kind is Kind.PRESS and not seen.before.dialogs):
        return []
    # A form that the browser sends itself loads its page again, and stands there as before with what was wrong.
    is_sent = seen.step.kind is Kind.PRESS and seen.after.path.rstrip("/") == seen.before.path.rstrip("/")
    sent = {d.kind for d in seen.before.dialogs if d.kind and is_sent}
    left = [d for d in seen.after.dialogs if not (d.popover or d.kind in sent)]
    return [f"dialog on a page it does not belong to: {d.title!r}" for d in left]


def unasked(seen: Seen) -> list[str]:
    """A dialog that no press opened."""
    if seen.pressed <= 1:
        return []
    new = [d for d in seen.after.dialogs if d not in seen.before.dialogs]
    may_ask = seen.step.kind in (Kind.LEAVE, Kind.PRESS)
    return [f"dialog that nothing opened: {d.title!r}" for d in new if not (may_ask and d.asks) and not _renamed(seen)]


def two_questions(seen: Seen) -> list[str]:
    """More than one dialog and one question at a time, or two of one kind and title."""
    lying = [d for d in seen.after.dialogs if not d.popover]
    is_fine = len(lying) < 2 or (len(lying) == 2 and lying[1].role == "alertdialog" and lying[0].title != lying[1].title)
    return [] if is_fine else [f"dialogs on top of each other: {[d.title for d in lying]}"]


def undeclared(seen: Seen) -> list[str]:
    """A dialog that is none of the console's own: nothing asks before it is left, nothing closes it when its page is."""
    return [f"dialog of no kind: {d.title!r}" for d in seen.after.dialogs if not (d.popover or d.kind or d.asks)]


def focus(seen: Seen) -> list[str]:
    """Nothing has the focus after a dialog closed or something of the list went."""
    same = seen.before.document == seen.after.document and seen.before.path == seen.after.path
    # A step of the history draws another list, and takes the focus along as the browser does.
    if seen.step.kind is Kind.LEAVE and seen.before.query != seen.after.query:
        return []
    if not same or seen.after.focus or seen.step.kind not in (Kind.PRESS, Kind.LEAVE, Kind.TYPE) or not seen.before.focus:
        return []
    closed = len(seen.after.dialogs) < len(seen.before.dialogs)
    fewer = len(seen.after.rows) < len(seen.before.rows) or len(seen.after.cards) < len(seen.before.cards)
    what = "a dialog closed" if closed else "something was removed" if fewer else ""
    return [f"the focus is nowhere after {what}; it was on {seen.before.focus!r}"] if what else []


def _renamed(seen: Seen) -> bool:
    """A dialog that stayed and changed its title: another step of it, or another language."""
    return len(seen.after.dialogs) <= len(seen.before.dialogs)
