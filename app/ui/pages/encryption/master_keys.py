"""Encryption: where the master key lives, the recovery kit with its dialog, and the table of keys."""

import reflex as rx

from app.ui.i18n import Language, ago, amount, t, t_code, when
from app.ui.kit.browser import stay_awake
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn
from app.ui.pages.encryption.encryption import KIT, Encryption
from app.ui.shell import auth_layout, location

FORM = "/auth/recovery-kit"
_COLOURS = {"active": "green", "staged": "amber"}


def content() -> rx.Component:
    """What stands on the page."""
    return rx.flex(
        rx.text(t("encryption.intro"), size="2", color_scheme="gray"),
        rx.cond(
            Encryption.loaded, rx.flex(_kit(), _home(), _keys(), _change(), direction="column", spacing="4"), rx.skeleton(height="320px")
        ),
        direction="column",
        spacing="4",
    )


def _kit() -> rx.Component:
    """Whether the kit was saved, the button, and the word that it is kept."""
    kept = _state("circle-check", "green", when("encryption.kit_kept", Encryption.kept_at))
    saved = _state("clock", "amber", when("encryption.kit_saved", Encryption.issued_at))
    never = _state("triangle-alert", "amber", t("encryption.kit_never"))
    save = rx.button(
        rx.icon("download", size=16, aria_hidden="true"),
        t("encryption.kit_save"),
        size="3",
        variant=rx.cond(Encryption.kept_at == "", "solid", "soft"),
        on_click=Encryption.ask,
        **opens(KIT),
    )
    keep = rx.button(t("encryption.kit_keep"), size="3", variant="soft", color_scheme="gray", on_click=Encryption.keep)
    return _card(
        "encryption.kit",
        rx.text(t("encryption.kit_text"), size="2", color_scheme="gray"),
        rx.cond(Encryption.kept_at != "", kept, rx.cond(Encryption.issued_at != "", saved, never)),
        rx.flex(save, rx.cond(Encryption.kept_at == "", keep), spacing="3", wrap="wrap"),
    )


def dialog() -> rx.Component:
    """Asks for the password. The browser sends the form itself: the file it gets passes through no script and no page."""
    told = t_code("encryption.error", Encryption.problem, wait=Encryption.wait)
    fields = [
        rx.cond(Encryption.problem != "", auth_layout.notice(told, "circle-alert", "red", role="alert")),
        rx.text(t("encryption.confirm_text"), size="2", color_scheme="gray"),
        auth_layout.field(
            "password",
            "encryption.password",
            missing="login.missing.password",
            type="password",
            auto_complete="current-password",
            auto_focus=True,
        ),
        rx.el.input(type="hidden", name="proof", value=Encryption.proof, read_only=True),
        rx.el.input(type="hidden", name="language", value=Language.code, read_only=True),
    ]
    return sheet(
        head(t("encryption.kit_save")),
        location.NativeForm.create(
            body(rx.flex(*fields, direction="column", spacing="4")),
            foot(cancel(), rx.button(t("encryption.download"), size="3", type="submit", on_click=stay_awake())),
            action=FORM,
            method="post",
            custom_attrs={"data-unguarded": "true"},
        ),
        kinds=(KIT,),
        width="480px",
        description=t("encryption.confirm_text"),
    )


def _home() -> rx.Component:
    return _card(
        "encryption.home",
        rx.text(t_code("encryption.source", Encryption.kind), size="2"),
        rx.cond(Encryption.kind != "environment", _line("encryption.path", Encryption.source)),
        _line("encryption.instance", Encryption.instance),
    )


def _keys() -> rx.Component:
    heads = [t(f"encryption.column_{column}") for column in ("key", "state", "secrets", "servers", "since")]
    return data_table(heads, rx.foreach(Encryption.keys, _row))


def _row(key: Drawn) -> rx.Component:
    colour: Drawn = rx.match(key.state, *_COLOURS.items(), "gray")
    return rx.table.row(
        rx.table.row_header_cell(rx.el.code(key.kid, class_name="pb-mono")),
        _cell("state", rx.badge(t_code("encryption.state", key.state), color_scheme=colour, variant="soft", high_contrast=True)),
        _cell("secrets", amount(key.secrets)),
        _cell("servers", t("encryption.holders", n=key.holders, all=Encryption.servers)),
        _cell("since", ago(key.created_at)),
        align="center",
        key=key.kid,
    )


def _change() -> rx.Component:
    return _card(
        "encryption.change",
        rx.text(t("encryption.change_text"), size="2", color_scheme="gray"),
        rx.el.pre(
            rx.el.code("patchbay master-key create\npatchbay master-key activate\npatchbay master-key rewrap\npatchbay master-key retire"),
            aria_label=t("encryption.change"),
            tab_index=0,
            class_name="pb-snippet pb-mono",
        ),
    )


def _card(title: str, *children: rx.Component) -> rx.Component:
    return rx.card(rx.flex(rx.heading(t(title), as_="h2", size="3"), *children, direction="column", gap="12px"))


def _state(icon: str, colour: str, text: Drawn) -> rx.Component:
    """A word, an icon and a colour."""
    return rx.flex(
        rx.icon(icon, size=16, color=f"var(--{colour}-11)", aria_hidden="true", flex_shrink="0"),
        rx.text(text, size="2"),
        align="center",
        gap="8px",
        role="status",
    )


def _line(label: str, value: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(t(label), size="2", color_scheme="gray"),
        rx.el.code(value, class_name="pb-mono", style={"overflowWrap": "anywhere", "fontSize": "13px"}),
        gap="8px",
        wrap="wrap",
        align="baseline",
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"encryption.column_{column}"), content)
