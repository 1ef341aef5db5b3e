"""What the pages before the sign-in share: the card, the fields, the message."""

from typing import Any, Literal

import reflex as rx

from app.ui.i18n import t, t_code
from app.ui.shell import brand, connection, location, top_bar

Colour = Literal["red", "gray", "amber"]


def card(title: str, *children: rx.Component) -> rx.Component:
    """A calm page with one card. `title` is a word key."""
    return rx.box(
        rx.el.header(rx.flex(top_bar.tools(), justify="end", padding="16px 24px")),
        connection.explained(),
        rx.el.main(
            rx.card(
                rx.flex(brand.mark(26), rx.text("Patchbay", weight="medium", size="4"), align="center", gap="10px"),
                rx.heading(t(title), as_="h1", size="6", margin_top="24px", margin_bottom="8px"),
                *children,
                class_name="pb-gate-card",
            ),
            class_name="pb-gate-place",
        ),
        class_name="pb-gate",
    )


def form(action: str, *children: rx.Component) -> rx.Component:
    """A form the browser sends itself; `action` is one of the paths of `app/api/forms.py`."""
    return location.NativeForm.create(rx.flex(*children, direction="column", gap="16px", margin_top="16px"), action=action, method="post")


def field(name: str, label: str, *, missing: str, unfit: str = "", help_: str = "", wrong: str = "", **props: Any) -> rx.Component:
    """A labelled field that must be filled. `wrong` is the error code that concerns it; `label`, `help_`, `missing` (said where it is
    empty) and `unfit` (where it is not what its type asks for) are word keys."""
    # What was typed comes back after an error, never a password. The key draws the field anew once that is known.
    back: dict[str, Any] = {} if props["type"] == "password" else {"default_value": location.asked(name), "key": location.asked(name)}
    about = {"aria-describedby": f"{name}-error {name}-help" if help_ else f"{name}-error"}
    is_wrong = location.asked("error") == wrong
    invalid: dict[str, Any] = {"aria_invalid": is_wrong, "auto_focus": is_wrong} | props if wrong else props
    return rx.box(
        rx.el.label(t(label), html_for=name, class_name="pb-label"),
        rx.input(name=name, id=name, required=True, size="3", width="100%", custom_attrs=about, **invalid, **back),
        location.FieldCheck.create(field=name, missing=t(missing), wrong=t(unfit) if unfit else ""),
        rx.text(t(help_), id=f"{name}-help", size="1", color_scheme="gray", margin_top="6px") if help_ else rx.fragment(),
    )


def message(words: str, colour: Colour, icon: str) -> rx.Component:
    """What the last try was answered with: the text of `<words>.<code>`."""
    return notice(t_code(words, location.asked("error"), wait=location.asked("wait")), icon, colour, role="alert")


def notice(text: rx.Var[str], icon: str, colour: Colour, *, role: Literal["alert", "note"] = "note") -> rx.Component:
    """A quiet box with one sentence."""
    return rx.callout.root(
        rx.callout.icon(rx.icon(icon, size=16, aria_hidden="true")), rx.callout.text(text), color_scheme=colour, size="1", role=role
    )


def send(label: str) -> rx.Component:
    """The one button."""
    return rx.button(t(label), type="submit", size="3", width="100%")
