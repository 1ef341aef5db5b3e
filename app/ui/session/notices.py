"""Short notices, the table that turns what can go wrong into words, and what every handler is marked with: `answered`."""

from collections.abc import AsyncIterator, Awaitable
from functools import wraps
from inspect import isasyncgenfunction
from typing import cast

import reflex as rx

from app.domain.errors import InvalidDraft, NotFound, PatchbayError, Reason, Taken, TooManyAttempts
from app.ui import i18n, presses
from app.ui.kit import dialogs
from app.ui.presses import F


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
    return (await state.get_state(i18n.Language)).code


def answer(code: str, error: PatchbayError) -> str:
    """What a reader of language `code` is told about an error."""
    if isinstance(error, InvalidDraft):
        return because(code, next(iter(error.reasons.values())))
    if isinstance(error, TooManyAttempts) and (wait := error.details.get("retry_after")):
        return i18n.say(code, "error.too_often", seconds=wait)
    return because(code, error.message) if isinstance(error.message, Reason) else i18n.say_code(code, "error", error.code)


def reasons(code: str, error: InvalidDraft | Taken) -> dict[str, str]:
    """Field → what is wrong with it, for a reader of language `code`."""
    if isinstance(error, InvalidDraft):
        return {field: because(code, why) for field, why in error.reasons.items()}
    return {error.field or "name": answer(code, error)}


def because(code: str, why: str) -> str:
    """One reason in language `code`. A reason that only REST gives has no words of its own and stays English."""
    if isinstance(why, Reason) and i18n.has(f"reason.{why.code}"):
        return i18n.say_code(code, "reason", why.code, **why.values)
    return why


def answered(fn: F) -> F:
    """Mark an event handler; every one has this mark, under `@rx.event`. A domain error becomes a notice where the handler has no better
    place for it, and the browser hears that the press was carried out, whatever happened: a button never stays busy."""
    is_pressed = not getattr(fn, "__rx_quiet__", False)

    async def failed(state: rx.State, error: PatchbayError) -> None:
        async with state:  # means something to a handler in the background only
            await (explain(state, error) if is_pressed else tell(state, "error", answer(await language(state), error)))

    @wraps(fn)
    async def whole(self: rx.State, *args: object, **kwargs: object) -> object:
        try:
            return await cast("Awaitable[object]", fn(self, *args, **kwargs))
        except PatchbayError as error:
            await failed(self, error)
            return None

    @wraps(fn)
    async def stepwise(self: rx.State, *args: object, **kwargs: object) -> AsyncIterator[object]:
        try:
            async for event in cast("AsyncIterator[object]", fn(self, *args, **kwargs)):
                yield event
        except PatchbayError as error:
            await failed(self, error)

    return presses.acknowledged(cast("F", stepwise if isasyncgenfunction(fn) else whole))


async def explain(state: rx.State, error: PatchbayError) -> None:
    """Say what is wrong: in the dialog that is open, in a notice where there is none."""
    text, open_ = answer(await language(state), error), await state.get_state(dialogs.Dialogs)
    if not open_.opened.kind:
        await tell(state, "error", text)
    elif isinstance(error, NotFound) and open_.opened.of:
        open_.gone = True
    else:
        open_.problem = text
