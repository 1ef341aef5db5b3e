"""Keys for applications: the list, the form for a new one, the one time it is shown, the question before it ends."""

from typing import Any

import reflex as rx

from app.domain.actor import Scope
from app.ui.client_keys.client_keys import EDIT, ISSUED, NEW, REVOKE, SHOWN_ONCE, ClientKeys
from app.ui.client_keys.key_rights import KeyRights
from app.ui.i18n import ago, t, t_code
from app.ui.kit import empty, field, once
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import body, cancel, foot, head, question, sheet, this
from app.ui.kit.dialog_host import close, opens, stamp
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.form_parts import FirstError
from app.ui.kit.options import options
from app.ui.kit.refusal import refusal
from app.ui.pages.client_keys import rights_fields
from app.ui.session.session import SessionState


def listing() -> rx.Component:
    """What stands on the page."""
    add = rx.button(rx.icon("plus", size=16, aria_hidden="true"), t("client_keys.add"), size="3", on_click=ClientKeys.add, **opens(NEW))
    intro = rx.text(t("client_keys.intro"), size="2", color_scheme="gray", flex="1", min_width="240px")
    nothing = empty.empty("key-round", t("client_keys.empty_title"), t("client_keys.empty_text"))
    found = rx.cond(drawn(ClientKeys.keys).length() > 0, _keys(), nothing)
    return rx.flex(
        rx.flex(intro, rx.cond(SessionState.is_admin, add), spacing="3", align="center", wrap="wrap"),
        rx.cond(ClientKeys.loaded, found, rx.skeleton(height="160px")),
        rx.cond(ClientKeys.revoked > 0, _revoked_too()),
        once.place(SHOWN_ONCE),
        direction="column",
        spacing="4",
    )


def _revoked_too() -> rx.Component:
    switch = rx.switch(checked=ClientKeys.show_revoked, on_change=ClientKeys.choose_revoked)
    return rx.text(rx.flex(switch, t("client_keys.show_revoked"), spacing="2", align="center"), as_="label", size="2")


def dialogs() -> rx.Component:
    """The form and what follows it, and the question."""
    looks: dict[str, Any] = {"width": "640px", "description": t("client_keys.intro")}
    return rx.fragment(
        sheet(rx.cond(ClientKeys.step == "issued", _issued(), _form(new=True)), kinds=(NEW, ISSUED), **looks),
        sheet(_form(new=False), kinds=(EDIT,), **looks),
        question(
            REVOKE,
            title=t("client_keys.revoke_title", name=drawn(ClientKeys.revoking).name),
            text=t("client_keys.revoke_text"),
            yes=t("client_keys.revoke"),
            on_yes=ClientKeys.revoke(this()),
            no=t("common.cancel"),
        ),
    )


def _keys() -> rx.Component:
    heads = [t(f"client_keys.column_{column}") for column in ("name", "scope", "created", "used", "expires", "status")]
    return data_table(heads, rx.foreach(ClientKeys.keys, _row), actions=t("providers.column_actions"), kind="pb-app-keys")


def _row(key: Drawn) -> rx.Component:
    made_by = rx.text(t("client_keys.created_by", name=key.created_by), size="1", color_scheme="gray", as_="span")
    revoke = rx.button(
        t("client_keys.revoke"),
        variant="soft",
        color_scheme="red",
        size="1",
        high_contrast=True,
        aria_label=t("client_keys.revoke_name", name=key.name),
        on_click=ClientKeys.ask_revoke(key.id),
        **opens(REVOKE),
    )
    edit = rx.button(
        t("client_keys.edit"),
        variant="soft",
        color_scheme="gray",
        size="1",
        high_contrast=True,
        aria_label=t("client_keys.edit_name", name=key.name),
        on_click=ClientKeys.edit(key.id),
        **opens(EDIT),
    )
    is_usable = (key.status != "revoked") & (key.status != "refused")
    can = rx.cond(SessionState.is_admin & is_usable, rx.flex(edit, revoke, spacing="2", justify="end"))
    return rx.table.row(
        rx.table.row_header_cell(
            rx.text(key.name, weight="medium", style={"overflowWrap": "anywhere"}),
            rx.text(key.hint, size="1", color_scheme="gray", weight="regular", class_name="pb-mono", white_space="nowrap"),
        ),
        _cell("scope", _rights(key)),
        _cell("created", rx.fragment(ago(key.created_at), " ", made_by)),
        _cell("used", rx.cond(key.used_at != "", ago(key.used_at), t("common.never"))),
        _cell("expires", rx.cond(key.ends_on != "", ago(key.ends_on), t("client_keys.no_end"))),
        _cell("status", _status(key.status)),
        rx.table.cell(can, justify="end"),
        align="center",
        key=key.id,
    )


def _rights(key: Drawn) -> rx.Component:
    """What it may do, and how far."""
    limits = (
        rx.cond(key.providers != "", _note(t("client_keys.only_providers", names=key.providers))),
        rx.cond(key.models != "", _note(t("client_keys.only_models", names=key.models))),
        rx.cond(key.nothing, rx.text(t("client_keys.nothing_left"), size="1", color_scheme="red", high_contrast=True)),
        rx.cond(key.per_minute > 0, _note(t("client_keys.at_most", n=key.per_minute))),
    )
    return rx.flex(rx.text(t_code("scope", key.scope), size="2"), *limits, direction="column", max_width="320px")


def _note(text: Drawn) -> rx.Component:
    return rx.text(text, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"})


def _status(status: Drawn) -> Drawn:
    return rx.match(
        status,
        ("active", rx.badge(t("client_keys.active"), color_scheme="green", high_contrast=True)),
        ("expired", rx.badge(t("client_keys.expired"), color_scheme="amber", high_contrast=True)),
        ("refused", refusal()),
        rx.badge(t("client_keys.revoked"), color_scheme="gray"),
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"client_keys.column_{column}"), content)


def _form(*, new: bool) -> rx.Component:
    """A new key, or what one that was issued may do."""
    errors = ClientKeys.errors
    scopes = options(
        [(s.value, t(f"scope.{s.value}"), t(f"scope_help.{s.value}")) for s in Scope],
        value=ClientKeys.scope,
        on_choose=ClientKeys.choose_scope,
        label=t("client_keys.scope"),
    )
    name = field.field(
        field.text("name", errors, auto_focus=True, default_value=KeyRights.name, key=KeyRights.seed),
        name="name",
        label=t("client_keys.name"),
        help_=t("client_keys.name_help"),
        error=field.error_of(errors, "name"),
    )
    fields = [
        name,
        scopes if new else rx.text(t("client_keys.same_key"), size="2", color_scheme="gray"),
        rx.cond(ClientKeys.scope == Scope.GATEWAY.value, rights_fields.restrictions()),
        rights_fields.until(),
    ]
    return rx.fragment(
        head(t("client_keys.add") if new else t("client_keys.edit_title", name=KeyRights.name)),
        rights_fields.adding(),
        rx.el.form(
            FirstError.create(seq=ClientKeys.error_seq),
            stamp(),
            body(rx.flex(*fields, direction="column", spacing="4")),
            foot(
                cancel(),
                rx.button(t("client_keys.create") if new else t("client_keys.save"), size="3", type="submit"),
            ),
            on_submit=ClientKeys.issue if new else ClientKeys.save,
            key=ClientKeys.ticket,
            no_validate=True,
            auto_complete="off",
        ),
    )


def _issued() -> rx.Component:
    note = rx.text(t("client_keys.snippet_note", model=ClientKeys.model), size="1", color_scheme="gray")
    codes = (("Python", ClientKeys.python), ("JavaScript", ClientKeys.javascript), ("curl", ClientKeys.curl))
    tabs = rx.tabs.root(
        rx.tabs.list(*[rx.cond(code != "", rx.tabs.trigger(name, value=name)) for name, code in codes]),
        *[rx.tabs.content(once.snippet(SHOWN_ONCE, code, name), value=name, padding_top="12px") for name, code in codes],
        default_value=rx.cond(ClientKeys.python != "", "Python", "curl"),
    )
    return rx.fragment(
        head(t("client_keys.issued_title")),
        body(
            rx.flex(
                rx.text(t("client_keys.issued_once"), size="2", color_scheme="gray"),
                once.key(SHOWN_ONCE, t("client_keys.issued_key")),
                rx.text(t("client_keys.snippets"), size="2", weight="medium", margin_top="8px"),
                tabs,
                rx.cond(ClientKeys.python != "", note),
                direction="column",
                spacing="3",
                min_width="0",
            )
        ),
        foot(rx.button(t("client_keys.saved_it"), size="3", variant="soft", on_click=close())),
    )
