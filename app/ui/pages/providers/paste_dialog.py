"""Paste anything: a text, what would be added, and the button that adds it or carries it into the form."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import stamp
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.form_parts import Carry, PasteSubmits, submit_as
from app.ui.kit.picker import choice
from app.ui.pages.providers.paste import PASTE, TEXT, VENDOR, Item, Pasting
from app.ui.presets.logo import logo
from app.ui.provider_form.form import CUSTOM

_FIELD = "pasted"  # id of the text's field


def paste_dialog() -> rx.Component:
    """One per page that can open it."""
    return sheet(
        head(t("paste.title")),
        rx.el.form(
            rx.el.input(type="hidden", name="intent", default_value="save"),
            stamp(),
            PasteSubmits.create(),
            body(rx.flex(_text(), rx.cond(Pasting.looked, _found()), direction="column", spacing="4")),
            _buttons(),
            on_submit=Pasting.submit,
            key=Pasting.ticket,
            no_validate=True,
            auto_complete="off",
        ),
        kinds=(PASTE,),
        width="720px",
        description=t("paste.help"),
    )


def _text() -> rx.Component:
    return rx.flex(
        rx.el.label(rx.text(t("paste.label"), size="2", weight="medium", as_="span"), html_for=_FIELD),
        rx.el.textarea(
            id=_FIELD,
            name=f"secret.{TEXT}",
            rows="4",
            spell_check=False,
            auto_focus=True,
            placeholder="OPENAI_API_KEY=sk-…",
            class_name="pb-paste pb-mono",
            custom_attrs={"autoComplete": "off", "data-1p-ignore": "true", "data-lpignore": "true"},
        ),
        rx.text(t("paste.help"), size="1", color_scheme="gray"),
        direction="column",
        spacing="1",
    )


def _found() -> rx.Component:
    nothing = rx.callout.root(
        rx.callout.icon(rx.icon("search-x", size=18, aria_hidden="true")),
        rx.callout.text(t("paste.nothing")),
        color_scheme="gray",
        size="1",
        high_contrast=True,
    )
    several = rx.flex(rx.foreach(Pasting.items, _row), direction="column", role="list", aria_label=t("paste.found"), class_name="pb-finds")
    return rx.box(rx.cond(drawn(Pasting.items).length() > 0, several, nothing), aria_live="polite")


def _row(item: Item) -> rx.Component:
    i: Drawn = item
    tick = rx.checkbox(
        checked=i.ticked,
        disabled=~i.can_add | (i.outcome == "added"),
        on_change=lambda on: Pasting.tick(i.index, on),
        aria_label=t("paste.tick", name=i.label),
        size="2",
    )
    vendor = rx.el.span(
        rx.el.select(
            rx.cond(i.vendor == "", choice(t("paste.whose"), "")),
            rx.cond(i.vendor == CUSTOM, choice(t("paste.custom"), CUSTOM)),
            rx.foreach(Pasting.vendors, lambda v: choice(v[1], v[0])),
            default_value=i.vendor,
            name=f"{VENDOR}{i.index}",
            aria_label=t("paste.vendor"),
            on_change=submit_as("look"),
            class_name="pb-select",
        ),
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        class_name="pb-picker",
    )
    facts = rx.flex(
        rx.cond(i.variable != "", rx.text(i.variable, size="1", class_name="pb-mono", color_scheme="gray")),
        rx.cond(i.key != "", rx.text(i.key, size="1", class_name="pb-mono", color_scheme="gray")),
        spacing="3",
        wrap="wrap",
    )
    outcome = rx.match(
        i.outcome,
        (
            "added",
            rx.badge(rx.icon("check", size=12, aria_hidden="true"), t("paste.outcome.added"), color_scheme="green", high_contrast=True),
        ),
        ("failed", rx.text(i.problem, size="1", color_scheme="red", weight="medium")),
        rx.cond(i.note != "", rx.text(i.note, size="1", color=rx.cond(i.can_add, "var(--gray-11)", "var(--amber-11)"))),
    )
    fill = Carry.create(
        rx.button(t("paste.fill"), variant="soft", size="1", type="button", on_click=Pasting.fill(i.index)), source=_FIELD, places=i.places
    )
    return rx.flex(
        tick,
        logo(i.logo, i.initials, i.tint, size=32),
        rx.flex(
            rx.flex(vendor, rx.spacer(), rx.cond(i.outcome != "added", fill), align="center", spacing="3", wrap="wrap", width="100%"),
            rx.cond(i.calls_to != "", rx.text(i.calls_to, size="1", class_name="pb-mono", style={"overflowWrap": "anywhere"})),
            facts,
            outcome,
            direction="column",
            spacing="1",
            flex="1",
            min_width="0",
        ),
        align="start",
        spacing="3",
        role="listitem",
        padding="12px 0",
        key=i.index,
    )


def _buttons() -> rx.Component:
    add = rx.button(
        rx.icon("plus", size=16, aria_hidden="true"), t("paste.add", n=Pasting.ticked), size="3", type="button", on_click=submit_as("add")
    )
    look = rx.button(rx.icon("scan-search", size=16, aria_hidden="true"), t("paste.look"), size="3", type="submit")
    return foot(cancel(), rx.cond(Pasting.ticked > 0, add, look))
