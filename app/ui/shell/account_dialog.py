"""Changes the password of whoever is signed in."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import stamp
from app.ui.kit.form_parts import FirstError
from app.ui.shell.account import PASSWORD, Account


def account_dialog() -> rx.Component:
    """One per page."""
    old = field.field(
        field.text("old_password", Account.errors, type="password", auto_focus=True),
        name="old_password",
        label=t("account.old_password"),
        error=field.error_of(Account.errors, "old_password"),
    )
    new = field.field(
        field.text("new_password", Account.errors, type="password"),
        name="new_password",
        label=t("account.new_password"),
        help_=t("setup.password_help"),
        error=field.error_of(Account.errors, "new_password"),
    )
    return sheet(
        head(t("account.change_password")),
        rx.el.form(
            FirstError.create(seq=Account.error_seq),
            stamp(),
            body(rx.flex(rx.text(t("account.text"), size="2", color_scheme="gray"), old, new, direction="column", spacing="4")),
            foot(cancel(), rx.button(t("account.submit"), size="3", type="submit")),
            on_submit=Account.change,
            key=Account.ticket,
            no_validate=True,
        ),
        kinds=(PASSWORD,),
        width="480px",
        description=t("account.text"),
    )
