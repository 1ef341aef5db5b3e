"""People who may sign in, and the form that adds one."""

from typing import Any

import reflex as rx

from app.domain.actor import Role
from app.ui.i18n import ago, t
from app.ui.kit import field
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import opens, stamp
from app.ui.kit.drawn import Drawn
from app.ui.kit.form_parts import FirstError
from app.ui.kit.options import options
from app.ui.kit.refusal import refusal
from app.ui.pages.people.people import ADD, People
from app.ui.session.session import SessionState


def listing() -> rx.Component:
    """What stands on the page."""
    add = rx.button(rx.icon("plus", size=16, aria_hidden="true"), t("people.add"), size="3", on_click=People.open_form, **opens(ADD))
    return rx.flex(
        rx.flex(
            rx.text(t("people.intro"), size="2", color_scheme="gray", flex="1", min_width="240px"),
            add,
            align="center",
            spacing="3",
            wrap="wrap",
        ),
        rx.cond(People.loaded, _people(), rx.skeleton(height="160px")),
        direction="column",
        spacing="4",
    )


def _people() -> rx.Component:
    heads = [t(f"people.column_{column}") for column in ("person", "role", "last", "on")]
    return data_table(heads, rx.foreach(People.people, _row))


def _row(person: Drawn) -> rx.Component:
    me = rx.cond(person.id == SessionState.user_id, rx.badge(t("people.you"), variant="soft", color_scheme="gray"))
    switch = rx.switch(
        checked=person.active,
        on_change=lambda on: People.switch(person.id, on),
        aria_label=t("people.can_sign_in", name=person.name),
    )
    return rx.table.row(
        rx.table.row_header_cell(
            rx.flex(rx.text(person.name, weight="medium"), me, spacing="2", align="center"),
            rx.text(person.email, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"}),
        ),
        _cell("role", rx.cond(person.role == Role.ADMIN.value, t("people.role_admin"), t("people.role_viewer"))),
        _cell("last", rx.cond(person.last_login_at != "", ago(person.last_login_at), t("people.never"))),
        # Nobody switches themselves off. A switch that cannot be moved is drawn gray, as one that is off.
        _cell(
            "on", rx.cond(person.refused, refusal(), rx.cond(person.id == SessionState.user_id, rx.text(t("common.yes"), size="2"), switch))
        ),
        align="center",
        key=person.id,
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"people.column_{column}"), content)


def form() -> rx.Component:
    """The dialog that adds a person."""
    roles = options(
        [(role.value, t(f"people.role_{role.value}"), t(f"people.role_{role.value}_help")) for role in (Role.VIEWER, Role.ADMIN)],
        value=People.role,
        on_choose=People.choose_role,
        label=t("people.role"),
        columns=rx.breakpoints(initial="1", sm="2"),
    )
    fields = [
        _field("name", auto_focus=True),
        _field("email", type="email"),
        _field("password", type="password", help_=t("people.password_help")),
    ]
    return sheet(
        head(t("people.add")),
        rx.el.form(
            FirstError.create(seq=People.error_seq),
            stamp(),
            body(rx.flex(*fields, roles, direction="column", spacing="4")),
            foot(cancel(), rx.button(t("people.create"), size="3", type="submit")),
            on_submit=People.create,
            key=People.ticket,
            no_validate=True,
            auto_complete="off",
        ),
        kinds=(ADD,),
        width="560px",
        description=t("people.intro"),
    )


def _field(name: str, *, help_: Drawn = None, **props: Any) -> rx.Component:
    control = field.text(name, People.errors, **props)
    return field.field(control, name=name, label=t(f"people.{name}"), help_=help_, error=field.error_of(People.errors, name))
