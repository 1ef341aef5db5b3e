"""Sign in: a native form, so that it works without a websocket and the cookie is set by a plain answer."""

import reflex as rx

from app.ui import gate, place
from app.ui.page import Page
from app.ui.state.session import SessionState
from app.ui.words import t

NOTICES = ("ended", "out", "done")  # codes that are no error


def content() -> rx.Component:
    """The page."""
    return gate.card(
        "login.title",
        rx.cond(SessionState.is_setup_open, rx.box(gate.notice(t("login.not_set_up"), "info", "gray"), margin_bottom="8px")),
        _answer(),
        gate.form(
            "/auth/login",
            gate.field(
                "email",
                "login.email",
                missing="login.missing.email",
                unfit="reason.email_form",
                type="email",
                auto_complete="username",
                auto_focus=True,
            ),
            gate.field("password", "login.password", missing="login.missing.password", type="password", auto_complete="current-password"),
            rx.el.input(type="hidden", name="next", value=place.asked("next"), read_only=True),
            gate.send("login.submit"),
        ),
    )


def _answer() -> rx.Component:
    told = place.asked("error")
    notice = gate.message("login.notice", "gray", "info")
    failure = gate.message("login.error", "red", "circle-alert")
    return rx.cond(told != "", rx.cond(rx.Var.create(list(NOTICES)).contains(told), notice, failure))


PAGE = Page(route="/login", title="login.title", content=content, role=None, on_load=(SessionState.greet,))
