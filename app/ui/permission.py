"""Marks on event handlers. Without one, a handler is for anybody signed in (viewer and up); never for strangers.

Put the mark under `@rx.event`, so that it meets the plain function:

    @rx.event
    @requires(Role.ADMIN)
    async def save(self, form: dict[str, str]): ...
"""

from collections.abc import Callable
from typing import TypeVar

from app.domain.actor import Role

F = TypeVar("F", bound=Callable[..., object])


def requires(role: Role) -> Callable[[F], F]:
    """Only people with this role may fire the handler."""

    def mark(fn: F) -> F:
        fn.__rx_role__ = role  # type: ignore[attr-defined]  # a mark on the function, read by `role_of`
        return fn

    return mark


def public(fn: F) -> F:
    """Anybody may fire the handler, signed in or not. The tests keep the list of these."""
    fn.__rx_public__ = True  # type: ignore[attr-defined]  # as above
    return fn


def role_of(fn: Callable[..., object]) -> Role | None:
    """The least role that may fire `fn`; None when it is open to everybody."""
    return None if getattr(fn, "__rx_public__", False) else getattr(fn, "__rx_role__", Role.VIEWER)


def allows(role: Role, needed: Role) -> bool:
    """Whether a person with `role` may do what needs `needed`: an admin may do everything."""
    return role is Role.ADMIN or role is needed
