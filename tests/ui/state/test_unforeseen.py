import logging

import pytest
from reflex_base.event.context import EventContext

from app import main
from app.ui.session import errors
from app.ui.session.errors import Unforeseen
from app.ui.session.notices import Notices


def event() -> EventContext:
    """What Reflex sets around a handler."""
    return EventContext(token="t", state_manager=None, enqueue_impl=None)  # type: ignore[arg-type]  # neither is asked for here


async def test_a_reader_hears_of_a_failure_nobody_foresaw(tab) -> None:  # type: ignore[no-untyped-def]  # the fixture's type is the conftest's
    assert main.app.backend_exception_handler is errors.answer

    with event():
        answered = errors.answer(ZeroDivisionError("inside"))
    await tab.fire(Unforeseen.confess)

    notices = await tab.state(Notices)
    assert answered.handler.fn is Unforeseen.confess.fn
    assert (notices.level, notices.seq) == ("error", 1)
    assert "inside" not in notices.text


def test_the_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), event():
        errors.answer(ZeroDivisionError("inside"))

    assert "A handler failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
