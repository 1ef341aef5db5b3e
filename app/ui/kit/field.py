"""One field of a form: label above, help below, the error under it in its place and announced."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.drawn import Drawn


def field(
    control: rx.Component,
    *,
    name: str | Drawn,
    label: Drawn,
    help_: Drawn = None,
    error: Drawn = "",
    optional: Drawn = False,
    aside: rx.Component | None = None,
    extra: rx.Component | None = None,
) -> rx.Component:
    """`control` must have `id="f-<name>"` and the attributes of `wired(name, …)`. `aside` stands at the right of the label."""
    mark = rx.cond(optional, rx.text(t("common.optional"), size="1", color_scheme="gray", as_="span"))
    head = rx.flex(
        rx.el.label(rx.text(label, size="2", weight="medium", as_="span"), html_for=f"f-{name}"),
        mark,
        rx.spacer(),
        aside or rx.fragment(),
        align="center",
        spacing="2",
        width="100%",
    )
    notes = [rx.text(help_, size="1", color_scheme="gray", id=f"f-{name}-help")] if help_ is not None else []
    return rx.flex(
        head,
        control,
        *([extra] if extra else []),
        rx.box(
            rx.cond(error != "", rx.text(error, size="1", color_scheme="red", weight="medium"), rx.fragment(*notes)),
            id=f"f-{name}-note",
            aria_live="polite",
        ),
        direction="column",
        spacing="1",
        width="100%",
    )


def wired(name: str | Drawn, error: Drawn = "") -> dict[str, Any]:
    """The attributes that tie a control to its label, its help and its error."""
    return {
        "id": f"f-{name}",
        "name": name,
        "aria_invalid": rx.cond(error != "", "true", "false"),
        "aria_describedby": f"f-{name}-note",
    }


def text(name: str, errors: Drawn, **props: Any) -> rx.Component:
    """A text input that is wired to its field."""
    return rx.input(**wired(name, error_of(errors, name)), size="3", width="100%", auto_complete="off", spell_check=False, **props)


def error_of(errors: Drawn, name: str | Drawn) -> Drawn:
    """The sentence under a field, "" when it is fine."""
    return rx.cond(errors.contains(name), errors[name], "")
