"""Below the fields of a sign-in that fetches tokens: how long the one at hand is valid, and a button to fetch one now."""

import reflex as rx

from app.ui.i18n import moment, t
from app.ui.kit.busy import sign
from app.ui.provider_form.form import ProviderForm as Form
from app.ui.provider_form.token_now_state import TokenNow


def token_now() -> rx.Component:
    """Only for a saved key that is kept."""
    text = rx.cond(TokenNow.until != "", t("token.valid", at=moment(TokenNow.until)), t("token.none"))
    row = rx.flex(
        rx.flex(
            rx.text(t("token.title"), size="2", weight="medium"),
            rx.text(text, size="1", color_scheme="gray", role="status"),
            direction="column",
            min_width="0",
            flex_grow="1",
        ),
        rx.button(
            sign("refresh-cw", TokenNow.busy),
            t("token.fetch"),
            variant="soft",
            size="1",
            type="button",
            aria_busy=TokenNow.busy,
            on_click=TokenNow.fetch(Form.key_id),
        ),
        align="center",
        spacing="3",
        wrap="wrap",
        on_mount=TokenNow.look(Form.key_id),
        key=Form.key_id,
    )
    return rx.cond((Form.key_id != "") & ~Form.replacing, row)
