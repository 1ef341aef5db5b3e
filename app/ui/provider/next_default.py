"""Asks who is the default provider once the present one is off or deleted."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog import question, this
from app.ui.kit.picker import choice, picker
from app.ui.provider.next_default_state import KEEP, NONE, SWITCH_OFF, NextDefault


def off_question() -> rx.Component:
    """Asks before the default provider is switched off. One per page that has its switch."""
    return question(
        SWITCH_OFF,
        title=t("default_off.title", name=NextDefault.label),
        text=t("default_off.text", name=NextDefault.label),
        yes=t("default_off.confirm"),
        on_yes=NextDefault.confirm(this()),
        no=t("common.cancel"),
        more=_pick(choice(t("default_off.keep", name=NextDefault.label), KEEP)),
    )


def pick_for_delete(is_default: rx.Var[bool]) -> rx.Component:
    """The same choice in the question whether to delete; there is nothing to keep."""
    return rx.cond(is_default, _pick())


def _pick(*first: rx.Component) -> rx.Component:
    others = rx.foreach(NextDefault.others, lambda one: choice(one[1], one[0]))
    return rx.flex(
        rx.text(t("default_off.next"), size="2", weight="medium"),
        picker(
            t("default_off.next"),
            [*first, choice(t("default_off.none"), NONE), others],
            value=NextDefault.chosen,
            on_change=NextDefault.choose,
        ),
        direction="column",
        spacing="1",
        align="start",
        margin_top="16px",
    )
