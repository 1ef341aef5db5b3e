"""What stands where an account or a key was changed outside Patchbay."""

import reflex as rx

from app.ui.i18n import t


def refusal() -> rx.Component:
    """That it is refused, and who says what to do."""
    why = rx.text(t("common.refused_why"), size="1", color_scheme="gray", style={"overflowWrap": "anywhere"})
    return rx.flex(
        rx.badge(t("common.refused"), color_scheme="red", high_contrast=True), why, direction="column", align="start", max_width="240px"
    )
