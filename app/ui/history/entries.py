"""The audit as sentences: when, who, what, and what it was before."""

import reflex as rx

from app.ui.history.audit import DENIED, FAILED, GROUPS, Audit
from app.ui.i18n import ago, t
from app.ui.kit import empty
from app.ui.kit.busy import sign
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.picker import choice, picker


def entries() -> rx.Component:
    """Filter, verify button and list."""
    nothing = empty.empty("scroll-text", t("audit.empty_title"), t("audit.empty_text"))
    found = rx.cond(drawn(Audit.entries).length() > 0, entry_list(Audit.entries), nothing)
    return rx.flex(
        rx.text(t("audit.intro"), size="2", color_scheme="gray"),
        rx.flex(_filter(), rx.spacer(), _verify(), spacing="3", align="center"),
        _verdict(),
        rx.cond(Audit.loaded, found, rx.skeleton(height="240px")),
        rx.cond(Audit.more, rx.center(rx.button(t("audit.older"), variant="soft", on_click=Audit.older))),
        direction="column",
        spacing="4",
    )


def _verify() -> rx.Component:
    shown = sign("shield-check", Audit.checking)
    return rx.button(shown, t("audit.verify"), variant="soft", size="2", aria_busy=Audit.checking, on_click=Audit.verify)


def _filter() -> rx.Component:
    groups = [choice(t("audit.filter_all"), "all"), *[choice(t(f"audit.filter_{group}"), group) for group in GROUPS]]
    return picker(t("audit.filter"), groups, value=Audit.group, on_change=Audit.choose_group)


def _verdict() -> rx.Component:
    return rx.cond(
        Audit.checked != "",
        rx.callout.root(
            rx.callout.icon(rx.cond(Audit.intact, rx.icon("shield-check", size=18), rx.icon("shield-alert", size=18))),
            rx.callout.text(Audit.checked),
            color_scheme=rx.cond(Audit.intact, "green", "red"),
            size="1",
            high_contrast=True,
            role="status",
        ),
    )


def entry_list(found: Drawn) -> rx.Component:
    """Entries one below the other."""
    return rx.card(
        rx.el.ol(rx.foreach(found, _entry), aria_label=t("audit.title"), class_name="pb-plain"),
        padding="0",
        size="1",
    )


def _entry(entry: Drawn) -> rx.Component:
    outcome = rx.match(
        entry.outcome,
        (DENIED, rx.badge(t("audit.denied"), color_scheme="red", high_contrast=True)),
        (FAILED, rx.badge(t("audit.failed"), color_scheme="amber", high_contrast=True)),
        rx.fragment(),
    )
    sentence = rx.text(
        rx.text(entry.who, weight="medium", as_="span"),
        " ",
        entry.what,
        rx.text(entry.target, weight="medium", as_="span"),
        entry.rest,
        " ",
        outcome,
        size="2",
        style={"overflowWrap": "anywhere"},
    )
    return rx.el.li(
        rx.flex(
            rx.flex(
                sentence,
                rx.foreach(entry.changes, lambda line: rx.text(line, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"})),
                direction="column",
                spacing="1",
                flex="1",
                min_width="0",
            ),
            rx.flex(
                rx.text(ago(entry.at), size="1", color_scheme="gray", white_space="nowrap"),
                rx.text(t("audit.number", seq=entry.seq.to_string()), size="1", color_scheme="gray", white_space="nowrap"),
                direction="column",
                align="end",
                flex_shrink="0",
            ),
            spacing="4",
        ),
        style={"padding": "12px 16px", "borderTop": "1px solid var(--gray-a3)", "&:first-child": {"borderTop": "0"}},
        key=entry.seq,
    )
