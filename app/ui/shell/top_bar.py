"""The top bar: the page's title, and language, theme and person."""

from typing import Literal

import reflex as rx
from reflex.style import color_mode, set_color_mode

from app.ui import i18n, page
from app.ui.i18n import t
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn
from app.ui.session.session import SessionState
from app.ui.shell import brand
from app.ui.shell.account import PASSWORD, Account
from app.ui.shell.location import NativeForm


def top(entry: page.Page) -> rx.Component:
    """The bar above a page."""
    return rx.el.header(
        rx.link(brand.mark(22), href="/", class_name="pb-brand-small", custom_attrs={"aria-label": "Patchbay"}),
        rx.heading(t(entry.title), as_="h1", size="4", weight="medium", trim="both"),
        rx.spacer(),
        rx.flex(tools(), _person(), gap="16px", align="center"),
        class_name="pb-top",
    )


def tools() -> rx.Component:
    """Language and theme. The gap makes up for the negative margins of ghost buttons."""
    return rx.flex(language(), theme(), gap="24px", align="center")


def language() -> rx.Component:
    """The picker of languages; where there is only one, nothing."""
    locale = i18n.languages()
    if len(locale) < 2:
        return rx.fragment()
    items = [
        rx.dropdown_menu.item(
            name, _check(i18n.Language.code == code), on_select=i18n.Language.choose(code), lang=i18n.say(code, "language.tag")
        )
        for code, name in locale.items()
    ]
    # Reflex sizes an icon that is the button's own child after the button: larger than its neighbours.
    shown = rx.fragment(rx.icon("languages", size=18))
    return rx.dropdown_menu.root(rx.dropdown_menu.trigger(_button(shown, "shell.language")), rx.dropdown_menu.content(*items), modal=False)


def theme() -> rx.Component:
    """Light, dark, or as the system has it."""
    choices: tuple[tuple[Literal["light", "dark", "system"], str], ...] = (("light", "sun"), ("dark", "moon"), ("system", "monitor"))
    items = [
        rx.dropdown_menu.item(rx.icon(icon, size=15), t(f"shell.theme_{mode}"), _check(color_mode == mode), on_select=set_color_mode(mode))
        for mode, icon in choices
    ]
    shown = rx.color_mode_cond(rx.icon("sun", size=18), rx.icon("moon", size=18))
    return rx.dropdown_menu.root(rx.dropdown_menu.trigger(_button(shown, "shell.theme")), rx.dropdown_menu.content(*items), modal=False)


def _check(is_chosen: Drawn) -> rx.Component:
    """At the end of the entry that is chosen."""
    chosen = rx.flex(
        rx.icon("check", size=15, aria_hidden="true"), rx.el.span(t("common.chosen"), class_name="pb-hidden"), margin_left="auto"
    )
    return rx.cond(is_chosen, chosen)


def _button(icon: rx.Component, label: str) -> rx.Component:
    return rx.icon_button(icon, variant="ghost", color_scheme="gray", size="3", aria_label=t(label))


def _person() -> rx.Component:
    initial = rx.cond(SessionState.name, SessionState.name[0].upper(), "·")
    avatar = rx.avatar(fallback=initial, size="2", radius="full", variant="soft")
    role = rx.cond(SessionState.is_admin, t("shell.role_admin"), t("shell.role_viewer"))
    # A popover and not a menu: a menu closes, and takes the form with it, before the browser has sent it.
    return rx.popover.root(
        rx.popover.trigger(rx.el.button(avatar, type="button", aria_label=t("shell.account"), class_name="pb-person")),
        rx.popover.content(
            rx.flex(
                rx.text(SessionState.name, weight="medium"),
                rx.text(SessionState.email, size="2", color_scheme="gray"),
                rx.box(rx.badge(role, color_scheme="gray")),
                rx.popover.close(_password()),
                _sign_out(),
                direction="column",
                gap="4px",
            ),
            width="240px",
            align="end",
            aria_label=t("shell.account"),
        ),
    )


def _password() -> rx.Component:
    shown = rx.icon("key-round", size=15, aria_hidden="true")
    return rx.button(
        shown, t("account.change_password"), variant="soft", color_scheme="gray", width="100%", margin_top="12px", type="button",
        on_click=Account.ask, **opens(PASSWORD),
    )  # fmt: skip


def _sign_out() -> rx.Component:
    button = rx.button(rx.icon("log-out", size=15), t("shell.sign_out"), type="submit", variant="soft", color_scheme="gray", width="100%")
    return NativeForm.create(button, action="/auth/logout", method="post", style={"marginTop": "4px"})
