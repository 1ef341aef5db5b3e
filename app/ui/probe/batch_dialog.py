"""Many tests at once: what will be sent and may cost, a table that fills row by row, and what can be done with those that passed."""

from typing import Any

import reflex as rx
from reflex_components_radix.themes.base import LiteralAccentColor

from app.ui.i18n import t, t_code
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import body, cancel, foot, head, question, sheet, this
from app.ui.kit.dialog_host import close
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.picker import choice, picker
from app.ui.kit.progress import progress
from app.ui.probe import status
from app.ui.probe.batches import AT_ONCE, BATCH, LONGEST, Batches

_SIGNS: dict[str, tuple[str, LiteralAccentColor]] = {
    "ok": ("circle-check", "green"),
    "noted": ("info", "amber"),
    "failed": ("circle-x", "red"),
}


def batch_dialog() -> rx.Component:
    """Tests all models of a provider, or all providers."""
    title = rx.cond(Batches.name != "", t("batch.title_models", name=Batches.label), t("batch.title_all"))
    return rx.fragment(
        sheet(
            head(title),
            body(
                rx.flex(
                    rx.cond(
                        drawn(Batches.rows).length() > 0,
                        rx.fragment(rx.cond(Batches.stage == "ask", _before(), _progress()), _table()),
                        rx.text(rx.cond(Batches.name != "", t("batch.no_models"), t("batch.no_providers")), size="2", color_scheme="gray"),
                    ),
                    direction="column",
                    spacing="4",
                )
            ),
            _foot(),
            kinds=(BATCH,),
            width="980px",
            description=t("batch.about"),
        ),
        _question("keep", t("batch.keep_title"), t("batch.keep_text", name=Batches.label), t("batch.keep", n=Batches.passed)),
        _question("on", t("batch.on_title"), t("batch.on_text"), t("batch.on", n=Batches.to_enable)),
        _question("off", t("batch.off_title"), t("batch.off_text"), t("batch.off", n=Batches.to_disable)),
    )


def _before() -> rx.Component:
    """What it will send, before anything is sent."""
    cost = rx.cond(
        Batches.name != "", t("batch.cost_models", n=Batches.ticked), t("batch.cost_providers", n=Batches.ticked, owners=Batches.owners)
    )
    many = [choice(t("batch.at_once", n=n), str(n)) for n in AT_ONCE]
    wait = [choice(t("batch.seconds", n=n), str(n)) for n in LONGEST]
    return rx.flex(
        rx.callout.root(
            rx.callout.icon(rx.icon("coins", size=18, aria_hidden="true")),
            rx.callout.text(cost),
            color_scheme="amber",
            size="1",
            high_contrast=True,
            role="status",
        ),
        rx.flex(
            picker(t("batch.at_once_label"), many, value=drawn(Batches.at_once).to_string(), on_change=Batches.choose_at_once),
            picker(t("batch.seconds_label"), wait, value=drawn(Batches.seconds).to_string(), on_change=Batches.choose_seconds),
            rx.spacer(),
            rx.flex(
                rx.button(t("batch.all"), variant="ghost", size="2", type="button", on_click=Batches.tick_all(True)),
                rx.button(t("batch.none"), variant="ghost", size="2", type="button", on_click=Batches.tick_all(False)),
                spacing="5",
                padding_left="8px",
            ),
            spacing="4",
            align="center",
            wrap="wrap",
        ),
        direction="column",
        spacing="3",
    )


def _progress() -> rx.Component:
    total: Drawn = drawn(Batches.rows).length()
    return rx.flex(
        rx.cond(Batches.stage == "running", rx.spinner(size="2"), rx.icon("list-checks", size=18, aria_hidden="true")),
        rx.text(t("batch.progress", done=Batches.ended, total=total), size="2", weight="medium"),
        rx.text(t("batch.passed", n=Batches.passed), size="2", color_scheme="gray"),
        progress(drawn(Batches.ended), total, t("batch.title_all"), flex="1", min_width="80px"),
        align="center",
        spacing="3",
        wrap="wrap",
        role="status",
    )


def _table() -> rx.Component:
    what = rx.cond(Batches.name != "", t("batch.column_model"), t("batch.column_provider"))
    columns = [what, *[t(f"batch.column_{name}") for name in ("status", "latency", "proven", "said")]]
    return data_table(columns, rx.foreach(Batches.rows, _row), size="1")


def _row(row: Drawn, at: Drawn) -> rx.Component:
    name = rx.flex(
        rx.text(row.title, size="2", weight="medium", title=row.title, class_name="pb-cut"),
        rx.cond(row.hint != "", rx.text(row.hint, size="1", color_scheme="gray", class_name="pb-mono pb-cut")),
        rx.cond(row.model != "", rx.text(row.model, size="1", color_scheme="gray", class_name="pb-mono pb-cut")),
        direction="column",
        min_width="0",
        max_width="240px",
    )
    box = rx.checkbox(checked=row.on, on_change=lambda on: Batches.tick(at, on), aria_label=t("batch.tick", name=row.title))
    return rx.table.row(
        rx.table.row_header_cell(rx.flex(rx.cond(Batches.stage == "ask", box), name, spacing="3", align="center")),
        _cell("status", _status(row)),
        _cell("latency", status.latency(row.ms)),
        _cell("proven", rx.cond(row.proven != "", rx.text(t_code("rung_ok", row.proven), size="1"))),
        _cell("said", rx.cond(row.said != "", _said(row))),
        align="center",
        key=row.key,
    )


def _said(row: Drawn) -> rx.Component:
    return rx.text(row.said, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"}, max_width="320px", min_width="0")


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"batch.column_{column}"), content)


def _status(row: Drawn) -> rx.Component:
    looks: dict[str, Any] = {"variant": "soft", "size": "1", "white_space": "nowrap", "high_contrast": True}
    found = [
        (state, rx.badge(rx.icon(icon, size=13, aria_hidden="true"), t_code("verdict", row.verdict), color_scheme=colour, **looks))
        for state, (icon, colour) in _SIGNS.items()
    ]
    shown: Drawn = rx.match(
        row.state,
        *found,
        ("running", rx.badge(rx.spinner(size="1"), t("status.testing"), color_scheme="iris", **looks)),
        ("waiting", rx.badge(t("batch.waiting"), color_scheme="gray", **looks)),
        rx.badge(rx.cond(row.off, t("status.off"), t("batch.not_sent")), color_scheme="gray", **looks),
    )
    return shown


def _foot() -> rx.Component:
    soft: dict[str, Any] = {"variant": "soft", "size": "3", "type": "button"}
    after = rx.fragment(
        rx.cond(
            (Batches.name != "") & (Batches.passed > 0), rx.button(t("batch.keep", n=Batches.passed), on_click=Batches.ask("keep"), **soft)
        ),
        rx.cond(Batches.to_disable > 0, rx.button(t("batch.off", n=Batches.to_disable), on_click=Batches.ask("off"), **soft)),
        rx.cond(Batches.to_enable > 0, rx.button(t("batch.on", n=Batches.to_enable), on_click=Batches.ask("on"), **soft)),
        rx.button(t("common.done"), size="3", type="button", on_click=close()),
    )
    buttons: Drawn = rx.match(
        Batches.stage,
        ("running", rx.button(rx.icon("square", size=14, aria_hidden="true"), t("card.stop"), on_click=Batches.stop, **soft)),
        ("done", after),
        rx.fragment(
            cancel(),
            rx.cond(
                drawn(Batches.rows).length() > 0,
                rx.button(t("batch.start", n=Batches.ticked), size="3", disabled=Batches.ticked == 0, on_click=Batches.start(this())),
            ),
        ),
    )
    return foot(buttons)


def _question(what: str, title: Drawn, text: Drawn, yes: Drawn) -> rx.Component:
    """Asked before anything is changed."""
    return question(
        BATCH,
        also=Batches.asking == what,
        title=title,
        text=text,
        yes=yes,
        on_yes=Batches.apply(this()),
        no=t("common.cancel"),
        on_leave=Batches.ask(""),
    )
