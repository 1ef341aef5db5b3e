"""Keys for applications: the list, the form for a new one, the one time it is shown, the question before it ends."""

import reflex as rx

from app.domain.actor import Scope
from app.ui.components import empty, field, once
from app.ui.components.browser import FirstError
from app.ui.components.drawn import Drawn, drawn
from app.ui.components.options import options
from app.ui.components.sheet import body, foot, head, question, sheet
from app.ui.state.client_keys import SHOWN_ONCE, ClientKeys
from app.ui.state.session import SessionState
from app.ui.words import ago, moment, t, t_of


def listing() -> rx.Component:
    """What stands on the page."""
    add = rx.button(rx.icon("plus", size=16, aria_hidden="true"), t("client_keys.add"), size="3", on_click=ClientKeys.add)
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
    return rx.fragment(
        sheet(
            rx.cond(ClientKeys.step == "new", _new()),
            rx.cond(ClientKeys.step == "issued", _issued()),
            open_=ClientKeys.step != "",
            on_open_change=ClientKeys.close,
            width="640px",
            description=t("client_keys.intro"),
        ),
        question(
            open_=drawn(ClientKeys.revoking).is_not_none(),
            title=t("client_keys.revoke_title", name=drawn(ClientKeys.revoking).name),
            text=t("client_keys.revoke_text"),
            yes=t("client_keys.revoke"),
            on_yes=ClientKeys.revoke,
            no=t("common.cancel"),
            on_no=ClientKeys.keep,
        ),
    )


def _keys() -> rx.Component:
    heads = ("name", "key", "scope", "created", "used", "expires", "status")
    return rx.table.root(
        rx.table.header(
            rx.table.row(
                *[rx.table.column_header_cell(t(f"client_keys.column_{h}")) for h in heads],
                rx.table.column_header_cell(rx.el.span(t("providers.column_actions"), class_name="pb-hidden")),
            ),
        ),
        rx.table.body(rx.foreach(ClientKeys.keys, _row)),
        variant="surface",
        size="2",
        class_name="pb-stack",
    )


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
    )
    return rx.table.row(
        rx.table.row_header_cell(rx.text(key.name, weight="medium", style={"overflowWrap": "anywhere"})),
        _cell("key", rx.text(key.hint, size="1", class_name="pb-mono")),
        _cell("scope", t_of("scope", key.scope)),
        _cell("created", rx.fragment(ago(key.created_at), " ", made_by)),
        _cell("used", rx.cond(key.used_at != "", ago(key.used_at), t("common.never"))),
        _cell("expires", rx.cond(key.expires_at != "", moment(key.expires_at), t("client_keys.no_end"))),
        _cell("status", _status(key.status)),
        rx.table.cell(rx.cond(SessionState.is_admin & (key.status != "revoked"), revoke), justify="end"),
        align="center",
        key=key.id,
    )


def _status(status: Drawn) -> Drawn:
    return rx.match(
        status,
        ("active", rx.badge(t("client_keys.active"), color_scheme="green", high_contrast=True)),
        ("expired", rx.badge(t("client_keys.expired"), color_scheme="amber", high_contrast=True)),
        rx.badge(t("client_keys.revoked"), color_scheme="gray"),
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    """A cell that names its column itself where the table becomes cards."""
    return rx.table.cell(rx.box(content), custom_attrs={"data-label": t(f"client_keys.column_{column}")})


def _new() -> rx.Component:
    errors = ClientKeys.errors
    scopes = options(
        [(s.value, t(f"scope.{s.value}"), t(f"scope_help.{s.value}")) for s in Scope],
        value=ClientKeys.scope,
        on_choose=ClientKeys.choose_scope,
        label=t("client_keys.scope"),
    )
    return rx.fragment(
        head(t("client_keys.add")),
        rx.el.form(
            FirstError.create(seq=ClientKeys.error_seq),
            body(
                rx.flex(
                    field.field(
                        field.text("name", errors, max_length=80, auto_focus=True),
                        name="name",
                        label=t("client_keys.name"),
                        help_=t("client_keys.name_help"),
                        error=field.error_of(errors, "name"),
                    ),
                    scopes,
                    field.field(
                        field.text("expires_at", errors, type="date"),
                        name="expires_at",
                        label=t("client_keys.expires"),
                        help_=t("client_keys.expires_help"),
                        error=field.error_of(errors, "expires_at"),
                        optional=True,
                    ),
                    direction="column",
                    spacing="4",
                )
            ),
            foot(
                rx.button(
                    t("common.cancel"), variant="soft", color_scheme="gray", size="3", type="button", on_click=ClientKeys.close(False)
                ),
                rx.button(t("client_keys.create"), size="3", type="submit"),
            ),
            on_submit=ClientKeys.issue,
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
        once.wipe(SHOWN_ONCE),
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
        foot(rx.button(t("client_keys.saved_it"), size="3", on_click=ClientKeys.close(False))),
    )
