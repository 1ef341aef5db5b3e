"""What a provider can do: as chips beside its address, and as choices under Advanced."""

import reflex as rx

from app.domain.providers.capabilities import ABILITIES, Support
from app.ui.i18n import amount, t
from app.ui.kit import field
from app.ui.kit.drawn import Drawn, drawn
from app.ui.provider_form.abilities_state import Abilities
from app.ui.provider_form.form import ProviderForm as Form

ICONS = {
    "system_messages": "message-square-text",
    "streaming": "audio-lines",
    "tools": "wrench",
    "json_mode": "braces",
    "reasoning": "brain",
    "images": "image",
}


def chips() -> rx.Component:
    """What is known, each in a word with its icon; nothing while nothing is."""
    tokens = rx.badge(
        rx.icon("ruler", size=13, aria_hidden="true"),
        t("capability.tokens", n=amount(Abilities.context_limit)),
        variant="soft",
        color_scheme="gray",
        size="1",
    )
    return rx.cond(
        Abilities.known,
        rx.flex(
            *[_chip(name) for name in ABILITIES],
            rx.cond(Abilities.context_limit != "", tokens),
            wrap="wrap",
            spacing="2",
            role="group",
            aria_label=t("capability.title"),
        ),
    )


def choices() -> rx.Component:
    """Three-state choices, a limit and a path. What is left open stays as the vendor says, or unknown."""
    return rx.flex(
        rx.flex(
            rx.text(t("capability.title"), size="2", weight="medium"),
            rx.text(t("capability.help"), size="1", color_scheme="gray"),
            direction="column",
            spacing="1",
        ),
        rx.grid(*[_choice(name) for name in ABILITIES], columns=rx.breakpoints(initial="1", sm="2"), spacing="3"),
        _typed("context_limit", Abilities.context_limit, input_mode="numeric"),
        _typed("test_path", Abilities.test_path, placeholder="/health", class_name="pb-mono"),
        direction="column",
        spacing="3",
    )


def _chip(name: str) -> rx.Component:
    icon, word = rx.icon(ICONS[name], size=13, aria_hidden="true"), t(f"capability.{name}")
    without = rx.icon("ban", size=13, aria_hidden="true"), t("capability.without", what=word)
    counts = drawn(Abilities.counts)[name]
    return rx.fragment(
        rx.cond(counts == Support.YES.value, rx.badge(icon, word, variant="soft", color_scheme="gray", size="1")),
        rx.cond(counts == Support.NO.value, rx.badge(*without, variant="soft", color_scheme="amber", size="1")),
    )


def _choice(name: str) -> rx.Component:
    vendor = drawn(Abilities.vendor)[name]
    unset = rx.match(vendor, ("yes", t("support.vendor_yes")), ("no", t("support.vendor_no")), t("support.unset"))
    return rx.flex(
        rx.text(t(f"capability.{name}"), size="2", id=f"l-{name}"),
        rx.select.root(
            rx.select.trigger(aria_labelledby=f"l-{name}", width="100%"),
            rx.select.content(
                rx.select.item(unset, value=Support.UNKNOWN.value),
                rx.select.item(t("common.yes"), value=Support.YES.value),
                rx.select.item(t("common.no"), value=Support.NO.value),
            ),
            name=f"capabilities.{name}",
            value=drawn(Abilities.own)[name],
            on_change=lambda support: Abilities.choose(name, support),
        ),
        direction="column",
        spacing="1",
    )


def _typed(name: str, value: Drawn, **props: object) -> rx.Component:
    place = f"capabilities.{name}"
    return field.field(
        field.text(place, Form.errors, default_value=value, key=Form.seed, **props),
        name=place,
        label=t(f"capability.{name}"),
        help_=t(f"capability.{name}_help"),
        error=field.error_of(Form.errors, place),
        optional=True,
    )
