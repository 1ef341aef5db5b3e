"""The deleted providers, each with the day on which it goes for good."""

import reflex as rx

from app.ui.i18n import ago, t
from app.ui.kit import empty
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import question, this
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn, drawn
from app.ui.pages.trash.trash import PURGE, Trash
from app.ui.session.session import SessionState


def listing() -> rx.Component:
    """What stands on the page."""
    nothing = empty.empty("trash-2", t("trash.empty"), t("trash.empty_text"))
    shown = rx.flex(rx.text(t("trash.intro"), size="2", color_scheme="gray"), _table(), direction="column", spacing="4")
    return rx.cond(Trash.loaded, rx.cond(drawn(Trash.gone).length() > 0, shown, nothing), rx.skeleton(height="160px"))


def purge_question() -> rx.Component:
    """Asks before something is removed for good."""
    return question(
        PURGE,
        title=t("trash.purge_title", name=Trash.doomed_label),
        text=t("trash.purge_text"),
        yes=t("trash.purge"),
        on_yes=Trash.purge(this()),
        no=t("common.cancel"),
    )


def _table() -> rx.Component:
    heads = [t(f"trash.column_{column}") for column in ("provider", "deleted", "goes")]
    return data_table(heads, rx.foreach(Trash.gone, _row), actions=t("trash.column_do"))


def _row(one: Drawn) -> rx.Component:
    buttons = rx.flex(
        rx.button(
            t("trash.restore"),
            size="1",
            variant="soft",
            type="button",
            aria_label=t("trash.restore_name", name=one.label),
            on_click=Trash.restore(one.id),
        ),
        rx.button(
            t("trash.purge"),
            size="1",
            variant="soft",
            color_scheme="red",
            type="button",
            aria_label=t("trash.purge_name", name=one.label),
            on_click=Trash.ask(one.id),
            **opens(PURGE),
        ),
        spacing="3",
        wrap="wrap",
        justify="end",
    )
    return rx.table.row(
        rx.table.row_header_cell(
            rx.text(one.label, weight="medium", style={"overflowWrap": "anywhere"}),
            rx.text(one.address, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"}),
            rx.text(t("trash.holds", keys=one.key_count, models=one.model_count), size="1", color_scheme="gray"),
            rx.cond(one.led_to != "", rx.text(t("trash.led_to", names=one.led_to), size="1", color_scheme="gray")),
        ),
        _cell("deleted", ago(one.deleted_at)),
        _cell("goes", ago(one.goes_on)),
        rx.table.cell(rx.cond(SessionState.is_admin, buttons), justify="end"),
        align="center",
        key=one.id,
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"trash.column_{column}"), content)
