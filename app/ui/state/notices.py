"""Short notices, and the table that turns what can go wrong into words. Handlers that call a service are marked `answered`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, cast

import reflex as rx

from app.domain.errors import InvalidDraft, NameTaken, PatchbayError, Reason, TooManyAttempts
from app.ui import words

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


class Notices(rx.State):
    """The newest notice of this tab; `seq` grows with each one."""

    seq: int = 0
    level: str = "success"
    text: str = ""


async def tell(state: rx.State, level: str, text: str) -> None:
    """Show a notice in this tab. `level`: success, info, warning or error."""
    notices = await state.get_state(Notices)
    notices.level, notices.text = level, text
    notices.seq += 1


async def language(state: rx.State) -> str:
    """The language this tab reads."""
    return (await state.get_state(words.Language)).code


def answer(code: str, error: PatchbayError) -> str:
    """What a reader of language `code` is told about an error."""
    if isinstance(error, InvalidDraft):
        return because(code, next(iter(error.reasons.values())))
    if isinstance(error, TooManyAttempts) and (wait := error.details.get("retry_after")):
        return words.say(code, "error.too_often", seconds=wait)
    return words.say_of(code, "error", error.code)


def reasons(code: str, error: InvalidDraft | NameTaken) -> dict[str, str]:
    """Field → what is wrong with it, for a reader of language `code`."""
    if isinstance(error, InvalidDraft):
        return {field: because(code, why) for field, why in error.reasons.items()}
    return {error.field or "name": words.say(code, "reason.email_taken" if error.field == "email" else "error.name_taken")}


def because(code: str, why: str) -> str:
    """One reason in language `code`. A reason that only REST gives has no words of its own and stays English."""
    if isinstance(why, Reason) and f"reason.{why.code}" in words.keys():  # noqa: SIM118 - a function, not a mapping
        return words.say_of(code, "reason", why.code, **why.values)
    return why


def answered(fn: F) -> F:
    """Mark a handler whose domain errors become notices. Goes under `@rx.event`; background handlers answer for themselves."""

    @wraps(fn)
    async def handler(self: rx.State, *args: Any, **kwargs: Any) -> Any:
        try:
            return await fn(self, *args, **kwargs)
        except PatchbayError as error:
            await tell(self, "error", answer(await language(self), error))
            return None

    return cast("F", handler)
