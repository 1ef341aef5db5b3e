"""Marks on event handlers. Without one, a handler is for anybody signed in (viewer and up); never for strangers.

Put the mark under `@rx.event`, so that it meets the plain function:

    @rx.event
    @requires(Role.ADMIN)
    async def save(self, form: dict[str, str]): ...
"""

from collections.abc import Callable
from typing import Any, TypeVar

from app.domain.actor import Role

_MARK = "__patchbay_role__"
_PUBLIC = "public"

F = TypeVar("F", bound=Callable[..., Any])


def requires(role: Role) -> Callable[[F], F]:
    """Only people with this role may fire the handler; others get the page's "not allowed" notice."""

    def mark(fn: F) -> F:
        setattr(fn, _MARK, role)
        return fn

    return mark


def public(fn: F) -> F:
    """Anybody may fire the handler, signed in or not. The tests keep the list of these."""
    setattr(fn, _MARK, _PUBLIC)
    return fn


def role_of(fn: Callable[..., Any]) -> Role | None:
    """The least role that may fire `fn`; None when it is open to everybody."""
    mark = getattr(fn, _MARK, Role.VIEWER)
    return None if mark == _PUBLIC else mark
