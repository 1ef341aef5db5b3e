"""Dialogs: a panel on a desk, a full sheet with a sticky footer on a phone; and the short question before something is lost."""

from typing import Any

import reflex as rx

from app.ui.components.browser import AtHead, FocusBack
from app.ui.components.drawn import Drawn
from app.ui.words import t


def sheet(*content: rx.Component, open_: Drawn, on_open_change: Any, width: str = "880px", description: Drawn = "") -> rx.Component:
    """`content` is made of `head`, `body` and `foot`; a form may wrap body and foot. Escape and the close button ask `on_open_change`."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.description(description, class_name="pb-hidden"),
            *content,
            class_name="pb-sheet",
            custom_attrs={"align": "start"},  # hung from the top: what it shows next may be longer without moving its head
            max_width=width,
        ),
        FocusBack.create(open=open_),
        open=open_,
        on_open_change=on_open_change,
    )


def head(title: rx.Component | Drawn, *, before: rx.Component | None = None) -> rx.Component:
    """Title and close button."""
    return rx.flex(
        before or rx.fragment(),
        rx.dialog.title(title, size="4", margin="0", trim="normal", style={"overflowWrap": "anywhere"}),
        rx.spacer(),
        rx.dialog.close(
            rx.icon_button(
                rx.icon("x", size=18), variant="ghost", color_scheme="gray", size="2", aria_label=t("common.close"), type="button"
            )
        ),
        align="center",
        spacing="3",
        padding=["12px 16px", "16px 24px"],
        border_bottom="1px solid var(--gray-a4)",
        class_name="pb-sheet-head",
    )


def body(*content: rx.Component, **props: Any) -> rx.Component:
    """What scrolls."""
    return rx.box(AtHead.create(), *content, padding=["16px", "24px"], class_name="pb-sheet-body", tab_index=-1, **props)


def foot(*content: rx.Component) -> rx.Component:
    """Buttons; the primary one last."""
    return rx.flex(
        *content,
        align="center",
        justify="end",
        spacing="3",
        wrap="wrap",
        padding=["12px 16px", "12px 24px"],
        border_top="1px solid var(--gray-a4)",
        class_name="pb-sheet-foot",
    )


def cancel(on_click: Any) -> rx.Component:
    """Closes without doing anything."""
    return rx.button(t("common.cancel"), variant="soft", color_scheme="gray", size="3", type="button", on_click=on_click)


def affected(warned: Any) -> rx.Component:
    """What else a deletion of a provider touches (`Warned`), a line each; nothing where it touches nothing."""
    lines = [
        (warned.alone != "", t("delete.alias_alone", names=warned.alone)),
        (warned.client_keys != "", t("delete.client_keys", names=warned.client_keys)),
        (warned.shared != "", t("delete.alias_shared", names=warned.shared)),
        (warned.requests > 0, t("delete.requests", count=warned.requests)),
    ]
    return rx.fragment(
        *[rx.cond(shown, rx.text(said, color_scheme="red", as_="span", display="block", margin_top="8px")) for shown, said in lines]
    )


def name_to_type(name: Any, on_change: Any) -> rx.Component:
    """A field for the name of what is deleted; nothing where no name is asked for."""
    field = rx.box(
        rx.el.label(
            rx.text(t("common.type_to_confirm", name=name), as_="span", size="2", style={"overflowWrap": "anywhere"}),
            html_for="name-to-type",
        ),
        rx.input(id="name-to-type", on_change=on_change, size="3", width="100%", auto_complete="off", spell_check=False, margin_top="4px"),
        margin_top="16px",
    )
    return rx.cond(name != "", field)


def question(
    *,
    open_: Drawn,
    title: Drawn,
    text: rx.Component | Drawn,
    yes: Drawn,
    on_yes: Any,
    no: Drawn,
    on_no: Any,
    more: rx.Component | None = None,
    is_ready: Any = True,
) -> rx.Component:
    """Asks once before something is lost. The safe answer has the focus; Escape is the safe answer. The other one waits until
    `is_ready`, for example for what is typed in `more`."""
    lose = rx.button(yes, size="3", on_click=on_yes, class_name="pb-danger", disabled=~rx.Var.create(is_ready))
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, size="4"),
            rx.alert_dialog.description(text, size="2", color_scheme="gray"),
            more or rx.fragment(),
            rx.flex(
                rx.alert_dialog.cancel(rx.button(no, variant="soft", color_scheme="gray", size="3")),
                rx.alert_dialog.action(lose),
                justify="end",
                spacing="3",
                margin_top="24px",
                wrap="wrap",
            ),
            max_width="440px",
        ),
        FocusBack.create(open=open_),
        open=open_,
        on_open_change=on_no,
    )
