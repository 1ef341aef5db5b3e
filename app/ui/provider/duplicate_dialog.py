"""Asks how the copy of a provider is called, and whether its keys come along."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import stamp
from app.ui.kit.drawn import drawn
from app.ui.provider.duplicate import DUPLICATE, Duplicating


def duplicate_dialog() -> rx.Component:
    """One per page that can open it."""
    keys = rx.text(
        rx.flex(
            rx.checkbox(checked=Duplicating.with_keys, on_change=Duplicating.choose_keys, size="2"),
            rx.flex(
                rx.text(t("duplicate.with_keys"), size="2", as_="span"),
                rx.text(t("duplicate.with_keys_help"), size="1", color_scheme="gray", as_="span"),
                direction="column",
            ),
            spacing="3",
            align="start",
        ),
        as_="label",
        size="2",
    )
    name = field.field(
        rx.input(
            **field.wired("label", Duplicating.wrong),
            default_value=Duplicating.label,
            size="3",
            width="100%",
            auto_complete="off",
            auto_focus=True,
        ),
        name="label",
        label=t("form.label"),
        error=Duplicating.wrong,
    )
    return sheet(
        head(t("duplicate.title", name=Duplicating.title)),
        rx.el.form(
            stamp(),
            body(
                rx.flex(
                    rx.text(t("duplicate.text"), size="2", color_scheme="gray"),
                    name,
                    rx.cond(drawn(Duplicating.keys) > 0, keys),
                    direction="column",
                    spacing="4",
                )
            ),
            foot(cancel(), rx.button(rx.icon("copy", size=16), t("duplicate.submit"), size="3", type="submit")),
            no_validate=True,
            on_submit=Duplicating.submit,
            key=Duplicating.ticket,
            auto_complete="off",
        ),
        kinds=(DUPLICATE,),
        width="520px",
        description=t("duplicate.text"),
    )
