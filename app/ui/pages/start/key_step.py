"""The wizard's last step: the key, the code that is ready to paste, and the first call when it arrives."""

import reflex as rx

from app.ui.client_keys.client_keys import SHOWN_ONCE
from app.ui.i18n import t
from app.ui.kit import once
from app.ui.kit.browser import Every
from app.ui.pages.start import step_layout
from app.ui.pages.start.first_key import FirstKey
from app.ui.pages.start.wizard import Wizard

LOOK_EVERY_MS = 1_500


def first_key() -> rx.Component:
    """Without a key a button; with one the code, and a look for the first call."""
    return rx.flex(
        step_layout.heading(t("start.app_title"), t("start.app_text"), with_logo=False),
        rx.cond(FirstKey.shown != "", _shown(), _not_shown()),
        rx.cond(Wizard.key_id != "", _watch()),
        step_layout.foot(
            rx.button(t("start.finish"), size="3", variant=rx.cond(FirstKey.arrived == "call", "solid", "soft"), on_click=rx.redirect("/")),
        ),
        direction="column",
        spacing="5",
        min_width="0",
    )


def _shown() -> rx.Component:
    codes = (("curl", FirstKey.curl), ("Python", FirstKey.python), ("JavaScript", FirstKey.javascript))
    notes = {"curl": t("start.note_curl"), "Python": t("start.note_python"), "JavaScript": t("start.note_javascript")}
    return rx.flex(
        rx.text(t("client_keys.issued_once"), size="2", weight="medium"),
        once.key(SHOWN_ONCE, t("client_keys.issued_key")),
        rx.text(t("start.paste"), size="2", weight="medium", margin_top="8px"),
        rx.tabs.root(
            rx.tabs.list(*[rx.tabs.trigger(name, value=name) for name, _ in codes]),
            *[
                rx.tabs.content(
                    rx.text(notes[name], size="1", color_scheme="gray", padding="8px 0"), once.snippet(SHOWN_ONCE, code, name), value=name
                )
                for name, code in codes
            ],
            default_value="curl",
        ),
        direction="column",
        spacing="3",
        min_width="0",
    )


def _not_shown() -> rx.Component:
    """Nothing made yet; or made, shown, and gone with a reload."""
    gone = Wizard.key_id != ""
    return rx.flex(
        rx.cond(gone, rx.text(t("start.key_gone"), size="2")),
        rx.box(
            rx.button(
                rx.icon("key-round", size=16, aria_hidden="true"),
                rx.cond(gone, t("start.make_another"), t("start.make_key")),
                size="3",
                variant=rx.cond(gone, "soft", "solid"),
                on_click=FirstKey.issue,
            )
        ),
        direction="column",
        spacing="3",
    )


def _watch() -> rx.Component:
    waiting = rx.flex(
        rx.box(rx.spinner(size="2"), flex_shrink="0"),
        rx.flex(
            rx.text(t("start.watching"), size="2", weight="medium"),
            rx.text(t("start.watching_text"), size="2", color_scheme="gray"),
            direction="column",
        ),
        spacing="3",
        align="center",
    )
    told = rx.match(
        FirstKey.arrived,
        ("call", _note("circle-check", "green-11", t("start.arrived"), t("start.arrived_text", model=FirstKey.model, ms=FirstKey.ms))),
        ("list", _note("circle-check", "green-11", t("start.listed"), t("start.listed_text"))),
        ("failed", _note("triangle-alert", "amber-11", t("start.arrived_failed"), _why())),
        waiting,
    )
    return step_layout.panel(
        rx.cond(FirstKey.arrived == "call", rx.fragment(), Every.create(ms=LOOK_EVERY_MS, on_tick=FirstKey.look)),
        rx.box(told, role="status", min_height="44px"),
        background=rx.cond(FirstKey.arrived == "call", "var(--green-a2)", "transparent"),
        border=rx.cond(FirstKey.arrived == "call", "1px solid var(--green-a6)", "1px solid var(--gray-a4)"),
    )


def _why() -> rx.Var[str]:
    unknown = t("start.arrived_unknown", model=FirstKey.model)
    return rx.cond(FirstKey.status == 404, unknown, t("start.arrived_error", status=FirstKey.status))


def _note(icon: str, colour: str, title: rx.Var[str], text: rx.Var[str]) -> rx.Component:
    return rx.flex(
        rx.icon(icon, size=24, color=f"var(--{colour})", aria_hidden="true", flex_shrink="0"),
        rx.flex(
            rx.text(title, size="3", weight="bold"),
            rx.text(text, size="2", style={"overflowWrap": "anywhere"}),
            direction="column",
            min_width="0",
        ),
        spacing="3",
        align="center",
        class_name="pb-rung",
    )
