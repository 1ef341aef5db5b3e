"""The question before a provider goes to the trash, on its card and on its page."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog import affected, name_to_type, question, this
from app.ui.kit.drawn import Drawn, drawn
from app.ui.provider.dependants import DELETE
from app.ui.provider.next_default import pick_for_delete


def delete_question(page: Drawn, doomed: Drawn) -> rx.Component:
    """`page` is the state that asks: it has `warned`, `sure`, `type_name` and `delete`. `doomed`: the card of the provider."""
    warned = drawn(page.warned)
    default = rx.cond(doomed.is_default, rx.text(t("delete.text_default"), color_scheme="red", as_="span", margin_left="4px"))
    return question(
        DELETE,
        title=t("delete.title", name=doomed.label),
        text=rx.fragment(t("delete.text"), default, affected(warned)),
        yes=t("delete.confirm"),
        on_yes=page.delete(this()),
        no=t("common.cancel"),
        more=rx.fragment(pick_for_delete(doomed.is_default), name_to_type(warned.to_type, page.type_name)),
        is_ready=page.sure,
    )
