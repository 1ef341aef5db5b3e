"""The page of usage: a period, four plots, a table, and what to do before there is anything."""

import reflex as rx

from app.domain.usage import By
from app.ui.i18n import amount, money, t, t_code
from app.ui.kit import empty
from app.ui.kit.browser import Every
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.picker import choice, picker
from app.ui.kit.plot import Plot
from app.ui.pages.usage.usage import PERIODS, Usage

LOOK_MS = 5_000
COLUMNS = ("requests", "errors", "tokens_in", "tokens_out", "latency", "cost")


def sums() -> rx.Component:
    """What stands on the page."""
    call = rx.button(
        rx.link(rx.icon("key-round", size=16, aria_hidden="true"), t("usage.empty_action"), href="/client-keys"), as_child=True
    )
    nothing = empty.empty("chart-column-big", t("usage.empty_title"), t("usage.empty_text"), call)
    found = rx.cond(drawn(Usage.total).requests > 0, rx.fragment(_plots(), _table()), nothing)
    return rx.flex(
        Every.create(ms=LOOK_MS, on_tick=Usage.follow),
        rx.flex(
            rx.text(t("usage.intro"), size="2", color_scheme="gray", flex="1", min_width="240px"),
            _period(),
            spacing="3",
            align="center",
            wrap="wrap",
        ),
        rx.cond(Usage.loaded, found, empty.loading("180px", 4)),
        direction="column",
        spacing="5",
    )


def _period() -> rx.Component:
    return rx.segmented_control.root(
        *[rx.segmented_control.item(t(f"usage.period_{period}"), value=period) for period in PERIODS],
        value=Usage.period,
        on_change=lambda period: Usage.choose_period(period.to(str)),
        aria_label=t("usage.period"),
    )


def _plots() -> rx.Component:
    total = drawn(Usage.total)
    plots = (
        _plot("requests", amount(total.requests), Usage.requests, part=t("usage.requests_part"), tone="error"),
        _plot(
            "tokens",
            rx.cond(total.reported > 0, amount(total.tokens_in + total.tokens_out), t("usage.not_reported")),
            Usage.tokens,
            part=t("usage.tokens_part"),
        ),
        _plot(
            "latency", rx.cond(total.answers > 0, t("usage.ms", ms=total.p50), "–"), Usage.latency, part=t("usage.latency_part"), kind="ms"
        ),
        _plot("cost", rx.cond(total.priced > 0, money(total.cost), t("usage.not_known")), Usage.cost, kind="money"),
    )
    return rx.grid(*plots, columns="repeat(auto-fit, minmax(min(100%, 440px), 1fr))", spacing="4", width="100%")


def _plot(name: str, figure: Drawn, points: Drawn, *, part: Drawn = "", kind: str = "count", tone: str = "plain") -> rx.Component:
    drawing = Plot.create(
        points=points,
        whole=t(f"usage.{name}_whole"),
        part=part,
        kind=kind,
        step=Usage.step,
        tone=tone,
        label=t(f"usage.{name}_label"),
    )
    head = rx.flex(
        rx.heading(t(f"usage.{name}"), size="2", as_="h2", weight="medium"), rx.text(figure, size="5", weight="bold"), justify="between",
        align="baseline", wrap="wrap", spacing="2",
    )  # fmt: skip
    return rx.card(rx.flex(head, drawing, direction="column", spacing="2"), size="2")


def _table() -> rx.Component:
    choices = [choice(t(f"usage.by.{by.value}"), by.value) for by in By]
    heads = [t_code("usage.by", Usage.by), *(_column(column) for column in COLUMNS)]
    return rx.el.section(
        rx.flex(
            rx.heading(t("usage.lines"), size="3", as_="h2"),
            picker(t("usage.by_label"), choices, value=Usage.by, on_change=Usage.choose_by),
            justify="between",
            align="center",
            wrap="wrap",
            spacing="3",
            margin_bottom="12px",
        ),
        data_table(heads, rx.foreach(Usage.lines, _row), kind="pb-usage"),
        rx.cond(Usage.left_out > 0, rx.text(t("usage.left_out", n=Usage.left_out), size="2", color_scheme="gray", margin_top="8px")),
        rx.text(t("usage.note"), size="1", color_scheme="gray", margin_top="12px"),
        width="100%",
    )


def _column(name: str) -> rx.Component | Drawn:
    """What stands over a column; what P95 means is said to whoever asks."""
    shown = t(f"usage.column_{name}")
    return rx.el.abbr(shown, title=t("usage.latency_explained")) if name == "latency" else shown


def _row(line: Drawn) -> rx.Component:
    tokens = (_tokens(line, line.tokens_in), _tokens(line, line.tokens_out))
    latency = rx.cond(line.answers > 0, t("usage.latency_pair", p50=line.p50, p95=line.p95), "–")
    figures = (amount(line.requests), amount(line.errors), *tokens, latency, _cost(line))
    return rx.table.row(
        rx.table.row_header_cell(_name(line)),
        *[cell(t(f"usage.column_{column}"), figure) for column, figure in zip(COLUMNS, figures, strict=True)],
        key=f"{line.provider}/{line.id}",
    )


def _name(line: Drawn) -> rx.Component:
    named = rx.cond(line.name != "", line.name, t_code("usage.none", Usage.by))
    return rx.flex(
        rx.text(named, size="2", weight="medium", style={"overflowWrap": "anywhere"}),
        rx.cond(
            (Usage.by != By.PROVIDER.value) & (line.provider != ""), rx.text(line.provider, size="1", color_scheme="gray", weight="regular")
        ),
        rx.cond(line.gone, rx.text(t("usage.gone"), size="1", color_scheme="gray", weight="regular")),
        direction="column",
        min_width="0",
    )


def _tokens(line: Drawn, count: Drawn) -> rx.Component:
    """A count, with how many answers it leaves out; in words where nothing was reported."""
    missing = rx.cond(line.silent > 0, rx.text(t("usage.silent", n=line.silent), size="1", color_scheme="gray"))
    unsaid = rx.cond(line.answers > 0, t("usage.not_reported"), "–")
    return rx.cond(line.reported > 0, rx.fragment(rx.text(amount(count), size="2"), missing), rx.text(unsaid, size="2"))


def _cost(line: Drawn) -> rx.Component:
    missing = rx.cond(line.unpriced > 0, rx.text(t("usage.unpriced", n=line.unpriced), size="1", color_scheme="gray"))
    unsaid = rx.cond(line.answers > 0, t("usage.not_known"), "–")
    return rx.cond(line.priced > 0, rx.fragment(rx.text(money(line.cost), size="2"), missing), rx.text(unsaid, size="2"))
