"""The first admin. The page opens with a one-time link; its secret stands behind `#`, which no server and no log ever sees."""

import reflex as rx

from app.ui.i18n import t
from app.ui.page import Page
from app.ui.session.session import SessionState
from app.ui.shell import auth_layout, location


def content() -> rx.Component:
    """The page."""
    return auth_layout.card(
        "setup.title",
        rx.cond(
            location.is_ready(),
            rx.cond(location.asked("token") != "", _form(), _no_link()),
            rx.skeleton(height="340px", margin_top="16px"),
        ),
    )


def _form() -> rx.Component:
    told = location.asked("error")
    not_elsewhere = (told != "email_invalid") & (told != "password_invalid")
    return rx.fragment(
        rx.text(t("setup.intro"), color_scheme="gray", size="2"),
        rx.cond(location.asked("error") != "", rx.box(auth_layout.message("setup.error", "red", "circle-alert"), margin_top="16px")),
        auth_layout.form(
            "/auth/setup",
            rx.el.input(type="hidden", name="token", value=location.asked("token"), read_only=True),
            auth_layout.field(
                "name",
                "setup.name",
                missing="setup.error.name_invalid",
                type="text",
                auto_complete="name",
                wrong="name_invalid",
                auto_focus=not_elsewhere,
            ),
            auth_layout.field(
                "email",
                "setup.email",
                missing="setup.error.email_invalid",
                unfit="setup.error.email_invalid",
                type="email",
                auto_complete="username",
                wrong="email_invalid",
            ),
            auth_layout.field(
                "password",
                "setup.password",
                missing="setup.error.password_invalid",
                unfit="setup.error.password_invalid",
                type="password",
                auto_complete="new-password",
                help_="setup.password_help",
                wrong="password_invalid",
                min_length=12,
            ),
            auth_layout.send("setup.submit"),
        ),
    )


def _no_link() -> rx.Component:
    code = rx.cond(location.asked("error") == "link_used", t("setup.error.link_used"), t("setup.no_link"))
    return rx.box(auth_layout.notice(code, "link", "gray", role="alert"), margin_top="16px")


PAGE = Page(route="/setup", title="setup.title", content=content, role=None, on_load=(SessionState.greet,))
