"""Dialogs: a panel on a desk, a full sheet with a sticky footer on a phone; and the short question before something is lost."""

from typing import Any

import reflex as rx
from reflex.event import EventType
from reflex_components_radix.themes.base import LiteralAccentColor

from app.ui.i18n import t
from app.ui.kit.browser import AtHead
from app.ui.kit.dialog_host import Sheet, close, leave
from app.ui.kit.dialogs import Dialogs
from app.ui.kit.drawn import Drawn, drawn


def sheet(*content: rx.Component, kinds: tuple[str, ...], width: str = "880px", description: Drawn = "") -> rx.Component:
    """The dialog of these kinds. `content` is made of `head`, `body` and `foot`; a form may wrap body and foot, and holds its `stamp`. It
    is hung from the top: what it shows next may be longer without moving its head."""
    return Sheet.create(
        rx.dialog.description(description, class_name="pb-hidden"),
        *content,
        kinds=list(kinds),
        opened=Dialogs.opened,
        visit=Dialogs.visit,
        width=width,
    )


def head(title: rx.Component | Drawn, *, before: rx.Component | None = None) -> rx.Component:
    """Title and close button."""
    return rx.flex(
        before or rx.fragment(),
        rx.dialog.title(title, size="4", margin="0", trim="normal", style={"overflowWrap": "anywhere"}),
        rx.spacer(),
        rx.dialog.close(
            rx.icon_button(
                rx.icon("x", size=18), variant="ghost", color_scheme="gray", size="2", aria_label=t("common.close"), type="button"
            )
        ),
        align="center",
        spacing="3",
        padding=["12px 16px", "16px 24px"],
        border_bottom="1px solid var(--gray-a4)",
        class_name="pb-sheet-head",
    )


def body(*content: rx.Component, **props: Any) -> rx.Component:
    """What scrolls, below why the last press failed."""
    return rx.box(AtHead.create(), told(), *content, padding=["16px", "24px"], class_name="pb-sheet-body", tab_index=-1, **props)


def foot(*content: rx.Component) -> rx.Component:
    """Buttons; the primary one last. Where the object of the dialog is gone, closing is all that is left."""
    away = rx.button(t("common.close"), size="3", type="button", on_click=close())
    return rx.flex(
        rx.cond(Dialogs.gone, away, rx.fragment(*content)),
        align="center",
        justify="end",
        spacing="3",
        wrap="wrap",
        padding=["12px 16px", "12px 24px"],
        border_top="1px solid var(--gray-a4)",
        class_name="pb-sheet-foot",
    )


def told() -> rx.Component:
    """Why the last press failed, in its place; or that somebody removed what the dialog is about."""
    return rx.box(
        rx.cond(Dialogs.gone, _callout(t("dialog.gone"), "unplug", "amber")),
        rx.cond(Dialogs.problem != "", _callout(Dialogs.problem, "circle-alert", "red")),
        role="alert",
    )


def _callout(text: Drawn, icon: str, colour: LiteralAccentColor) -> rx.Component:
    return rx.callout.root(
        rx.callout.icon(rx.icon(icon, size=18, aria_hidden="true")),
        rx.callout.text(text),
        color_scheme=colour,
        size="1",
        high_contrast=True,
        margin_bottom="16px",
    )


def cancel() -> rx.Component:
    """Closes without doing anything."""
    return rx.button(t("common.cancel"), variant="soft", color_scheme="gray", size="3", type="button", on_click=leave())


def affected(warned: Drawn) -> rx.Component:
    """What else a deletion of a provider touches (`Warned`), a line each, red what stops; nothing where it touches nothing."""
    lines = [
        (warned.alone != "", t("delete.alias_alone", names=warned.alone), {"color_scheme": "red"}),
        (warned.client_keys != "", t("delete.client_keys", names=warned.client_keys), {"color_scheme": "red"}),
        (warned.shared != "", t("delete.alias_shared", names=warned.shared), {}),
        (warned.requests > 0, t("delete.requests", count=warned.requests), {}),
    ]
    return rx.fragment(
        *[rx.cond(shown, rx.text(said, as_="span", display="block", margin_top="8px", **look)) for shown, said, look in lines]
    )


def name_to_type(name: rx.Var[str] | str, on_change: EventType[str]) -> rx.Component:
    """A field for the name of what is deleted; nothing where no name is asked for."""
    field = rx.box(
        rx.el.label(
            rx.text(t("common.type_to_confirm", name=name), as_="span", size="2", style={"overflowWrap": "anywhere"}),
            html_for="name-to-type",
        ),
        rx.input(id="name-to-type", on_change=on_change, size="3", width="100%", auto_complete="off", spell_check=False, margin_top="4px"),
        margin_top="16px",
    )
    return rx.cond(name != "", field)


def question(
    kind: str,
    *,
    title: Drawn,
    text: rx.Component | Drawn,
    yes: Drawn,
    on_yes: EventType[()],
    no: Drawn,
    more: rx.Component | None = None,
    is_ready: rx.Var[bool] | bool = True,
    also: rx.Var[bool] | bool = True,
    on_leave: EventType[()] | None = None,
) -> rx.Component:
    """Asks once before something is lost. The safe answer has the focus; Escape is the safe answer. The other one waits until
    `is_ready`, for example for what is typed in `more`; the question stays until it is carried out. With `also` and `on_leave` it stands
    above the dialog of that kind."""
    lose = rx.button(yes, size="3", on_click=on_yes, class_name="pb-danger", disabled=~rx.Var.create(is_ready))
    return Sheet.create(
        rx.alert_dialog.title(title, size="4"),
        rx.alert_dialog.description(text, size="2", color_scheme="gray"),
        more or rx.fragment(),
        rx.box(told(), margin_top="16px"),
        rx.flex(
            rx.alert_dialog.cancel(rx.button(no, variant="soft", color_scheme="gray", size="3")),
            rx.cond(Dialogs.gone, rx.fragment(), lose),
            justify="end",
            spacing="3",
            margin_top="8px",
            wrap="wrap",
        ),
        kinds=[kind],
        opened=Dialogs.opened,
        visit=Dialogs.visit,
        width="440px",
        question=True,
        also=also,
        **({"on_leave": on_leave} if on_leave is not None else {}),
    )


def this() -> Drawn:
    """The stamp of the open dialog, for a press in it that has no form."""
    return drawn(Dialogs.opened).stamp
