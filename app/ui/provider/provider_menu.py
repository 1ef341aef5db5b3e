"""What can be done to one provider: the same menu on its card, in its row and on its page."""

from typing import Any

import reflex as rx
from reflex.event import EventType

from app.ui.i18n import t
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn
from app.ui.kit.menu import more
from app.ui.probe.batches import BATCH, Batches
from app.ui.probe.probe_options import TRY, Trial
from app.ui.provider.dependants import DELETE
from app.ui.provider.duplicate import DUPLICATE, Duplicating
from app.ui.provider.providers import Providers
from app.ui.provider_form.form import EDIT, ProviderForm


def provider_menu(c: Drawn, *, on_delete: EventType[()], **props: Any) -> rx.Component:
    """`on_delete` asks first, in the place the menu stands in. `props` are those of the button."""
    default_off = rx.cond(c.is_default, True, ~c.enabled)
    return more(
        c.label,
        rx.dropdown_menu.item(t("common.edit"), on_select=ProviderForm.edit(c.name), **opens(EDIT)),
        rx.dropdown_menu.item(t("duplicate.open"), on_select=Duplicating.ask(c.name), **opens(DUPLICATE)),
        rx.dropdown_menu.item(t("try.other_way"), on_select=Trial.open_(c.id, c.name, c.label, c.preset), **opens(TRY)),
        rx.dropdown_menu.item(t("batch.open_models"), on_select=Batches.open_models(c.name, c.label), **opens(BATCH)),
        rx.dropdown_menu.item(t("card.make_default"), on_select=Providers.make_default(c.name), disabled=default_off),
        rx.dropdown_menu.separator(),
        rx.dropdown_menu.item(t("common.delete"), color_scheme="red", on_select=on_delete, **opens(DELETE)),
        **props,
    )
