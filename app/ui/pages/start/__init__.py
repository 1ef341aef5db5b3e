"""The first steps: from nothing to a provider that answers and an application that calls it."""

import reflex as rx

from app.domain.actor import Role
from app.ui.client_keys.client_keys import SHOWN_ONCE
from app.ui.kit import once
from app.ui.kit.browser import Arrive
from app.ui.kit.dialog_host import Forgotten, Held, Used
from app.ui.kit.dialogs import Dialogs
from app.ui.kit.empty import loading
from app.ui.kit.url_query import Whereabouts
from app.ui.page import Page
from app.ui.pages.start.answer_step import first_answer
from app.ui.pages.start.choose_step import choose
from app.ui.pages.start.connect_step import connect
from app.ui.pages.start.first_key import FirstKey
from app.ui.pages.start.key_step import first_key
from app.ui.pages.start.step_layout import steps
from app.ui.pages.start.test_step import test
from app.ui.pages.start.wizard import Wizard


def content() -> rx.Component:
    """The steps, one at a time. The key that is shown once lies beside them, so that it outlives the change of a step."""
    shown = (("choose", choose()), ("connect", connect()), ("test", test()), ("answer", first_answer()), ("app", first_key()))
    return rx.fragment(
        once.place(SHOWN_ONCE),
        Whereabouts.create(query=Wizard.query, on_move=[Wizard.load, FirstKey.look]),
        Arrive.create(at=Wizard.step),
        Held.create(visit=Dialogs.visit, hydrated=rx.State.is_hydrated, on_held=FirstKey.hold),
        Used.create(when=FirstKey.arrived != ""),
        Forgotten.create(when=Wizard.number > 2),
        rx.cond(
            Wizard.step == "",
            loading(),
            rx.flex(steps(), rx.match(Wizard.step, *shown, rx.fragment()), direction="column", spacing="6"),
        ),
    )


PAGE = Page(
    route="/start",
    title="start.title",
    content=content,
    role=Role.ADMIN,
    focused=True,
    on_load=(FirstKey.begin, Wizard.load, FirstKey.look),
)
