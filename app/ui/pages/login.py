"""Sign in: a native form, so that it works without a websocket and the cookie is set by a plain answer."""

import reflex as rx

from app.ui.i18n import t
from app.ui.page import Page
from app.ui.session.session import SessionState
from app.ui.shell import auth_layout, location

NOTICES = ("ended", "out", "done")  # codes that are no error


def content() -> rx.Component:
    """The page."""
    return auth_layout.card(
        "login.title",
        rx.cond(SessionState.is_setup_open, rx.box(auth_layout.notice(t("login.not_set_up"), "info", "gray"), margin_bottom="8px")),
        _answer(),
        auth_layout.form(
            "/auth/login",
            auth_layout.field(
                "email",
                "login.email",
                missing="login.missing.email",
                unfit="reason.email_form",
                type="email",
                auto_complete="username",
                auto_focus=True,
            ),
            auth_layout.field(
                "password", "login.password", missing="login.missing.password", type="password", auto_complete="current-password"
            ),
            rx.el.input(type="hidden", name="next", value=location.asked("next"), read_only=True),
            auth_layout.send("login.submit"),
        ),
    )


def _answer() -> rx.Component:
    told = location.asked("error")
    notice = auth_layout.message("login.notice", "gray", "info")
    failure = auth_layout.message("login.error", "red", "circle-alert")
    return rx.cond(told != "", rx.cond(rx.Var.create(list(NOTICES)).contains(told), notice, failure))


PAGE = Page(route="/login", title="login.title", content=content, role=None, on_load=(SessionState.greet,))
