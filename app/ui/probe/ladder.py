"""The ladder of a connection test: each rung when it happens, one sentence at the first red one, what to do beside it."""

import reflex as rx
from reflex_components_radix.themes.base import LiteralAccentColor

from app.ui.i18n import t, t_code
from app.ui.kit import copying
from app.ui.kit.drawn import Drawn

_SIGNS = {
    "ok": ("check", "green", "ladder.state_ok"),
    "failed": ("x", "red", "ladder.state_failed"),
    "noted": ("info", "amber", "ladder.state_partly"),
    "skipped": ("minus", "gray", "ladder.state_skipped"),
}


def ladder(run: Drawn, *, repairs: rx.Component | None = None) -> rx.Component:
    """A ladder, running or finished. `repairs` are buttons that the place it stands in can offer."""
    return rx.flex(
        rx.el.ol(
            rx.foreach(run.lines, lambda line, at: _rung(line, key=at)),
            rx.cond(run.outcome == "", _waiting()),
            aria_label=t("ladder.title"),
            aria_live="polite",
            style={"listStyle": "none", "margin": "0", "padding": "0", "display": "flex", "flexDirection": "column", "gap": "8px"},
        ),
        rx.cond(run.outcome != "", _verdict(run, repairs)),
        direction="column",
        spacing="3",
        width="100%",
    )


def fix_label(run: Drawn) -> Drawn:
    """What the button says that makes the repair."""
    return rx.cond(run.fix_label != "", run.fix_label, t_code("fix", run.fix, value=run.fix_value))


def _rung(line: Drawn, key: Drawn) -> rx.Component:
    is_short = (line.state == "ok") | (line.state == "skipped")
    sign = rx.match(
        line.state,
        *[
            (state, rx.icon(icon, size=16, color=f"var(--{colour}-11)", role="img", aria_label=t(word)))
            for state, (icon, colour, word) in _SIGNS.items()
        ],
        rx.icon("info", size=16),
    )
    return rx.el.li(
        rx.flex(
            rx.box(sign, flex_shrink="0", style={"display": "flex"}),
            rx.text(
                line.title,
                size="2",
                weight=rx.cond(line.state == "failed", "bold", "medium"),
                flex_shrink=rx.cond(is_short, "0", "1"),
                max_width=rx.cond(is_short, "60%", "none"),
            ),
            rx.cond(
                is_short,
                rx.text(
                    line.text, size="2", color_scheme="gray", title=line.text, flex="1", min_width="0", align="right", class_name="pb-cut"
                ),
                rx.spacer(),
            ),
            rx.text(
                rx.cond(line.ms > 0, t("ladder.ms", ms=line.ms), ""),
                size="1",
                color_scheme="gray",
                flex_shrink="0",
                min_width="52px",
                align="right",
                style={"fontVariantNumeric": "tabular-nums"},
            ),
            spacing="2",
            align="center",
        ),
        rx.cond((line.state == "noted") & (line.text != ""), rx.text(line.text, size="1", color_scheme="gray", padding="2px 0 0 24px")),
        class_name="pb-rung",
        key=key,
    )


def _waiting() -> rx.Component:
    return rx.el.li(rx.flex(rx.spinner(size="1"), rx.text(t("ladder.running"), size="2", color_scheme="gray"), spacing="2", align="center"))


def _verdict(run: Drawn, repairs: rx.Component | None) -> rx.Component:
    good = rx.cond(run.latency_ms > 0, t("ladder.ok_text", ms=run.latency_ms), t("ladder.ok_short"))
    return rx.flex(
        rx.match(
            run.outcome,
            ("ok", _callout("circle-check", "green", t("ladder.ok"), good)),
            ("partly", _callout("info", "amber", t("ladder.partly"), rx.cond(run.sentence != "", run.sentence, t("ladder.partly_text")))),
            _callout("circle-x", "red", t("ladder.failed"), run.sentence),
        ),
        rx.cond(
            run.answer != "",
            rx.box(
                rx.text(t("ladder.answer"), " · ", run.model, size="1", color_scheme="gray"),
                rx.text(run.answer, size="2", style={"overflowWrap": "anywhere"}),
                padding="8px 12px",
                border_left="2px solid var(--gray-a6)",
            ),
        ),
        rx.flex(
            repairs or rx.fragment(),
            rx.cond(
                run.key_url != "",
                rx.link(
                    rx.button(t("ladder.get_key"), rx.icon("external-link", size=14), variant="soft", size="2", type="button"),
                    href=run.key_url,
                    is_external=True,
                ),
            ),
            rx.cond(
                run.curl != "",
                copying.button(run.curl, t("ladder.copy_request"), title=t("ladder.copy_request_hint"), variant="soft"),
            ),
            spacing="3",
            wrap="wrap",
            align="center",
        ),
        rx.cond(run.detail != "", _detail(run)),
        direction="column",
        spacing="3",
        class_name="pb-rung",
    )


def _callout(icon: str, colour: LiteralAccentColor, title: Drawn, text: Drawn) -> rx.Component:
    return rx.callout.root(
        rx.callout.icon(rx.icon(icon, size=18, aria_hidden="true")),
        rx.callout.text(rx.text(title, weight="bold", as_="span", display="block"), rx.text(text, as_="span")),
        color_scheme=colour,
        size="1",
        high_contrast=True,
        role="status",
    )


def _detail(run: Drawn) -> rx.Component:
    return rx.el.details(
        rx.el.summary(rx.text(t("ladder.technical"), size="1", color_scheme="gray", as_="span")),
        rx.el.pre(
            run.detail,
            tab_index=0,
            style={
                "whiteSpace": "pre-wrap",
                "overflowWrap": "anywhere",
                "fontSize": "12px",
                "maxHeight": "160px",
                "overflowY": "auto",
                "fontFamily": "var(--code-font-family)",
                "margin": "8px 0 0",
            },
        ),
        class_name="pb-details",
    )
