"""What can be done to one key of a provider: only what its state allows."""

import reflex as rx

from app.domain.credentials.credential import Held, KeyState
from app.ui.i18n import t
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn
from app.ui.kit.menu import more
from app.ui.pages.provider.keys.key_form import EDIT, KeyForm
from app.ui.pages.provider.keys.key_rotation import ROTATE, Rotating
from app.ui.pages.provider.keys.provider_keys import REMOVE
from app.ui.pages.provider.keys.provider_keys import ProviderKeys as Keys


def menu(k: Drawn) -> rx.Component:
    """The menu at the end of a row."""
    is_held = k.zone == "held"
    is_off, is_unreadable = k.look == KeyState.DISABLED.value, k.look == KeyState.UNREADABLE.value
    in_use = (k.zone == "used") & ~is_off
    replace = rx.cond(
        in_use & (k.goes_back_to == ""), rx.dropdown_menu.item(t("keys.replace"), on_select=Rotating.begin(k.id), **opens(ROTATE))
    )
    back = rx.cond(k.goes_back_to != "", rx.dropdown_menu.item(t("keys.go_back"), on_select=Rotating.roll_back(k.id)))
    token = rx.cond(Keys.needs_token & ~is_off, rx.dropdown_menu.item(t("token.fetch"), on_select=Keys.fetch_token(k.id)))
    use = rx.cond(
        ~is_held & ~is_unreadable & (is_off | (k.zone == "reserve")),
        rx.dropdown_menu.item(t("keys.use"), on_select=Keys.put(k.id, KeyState.ACTIVE.value)),
    )
    reserve = rx.cond(
        ~is_held & ~is_unreadable & (is_off | (k.zone == "used")),
        rx.dropdown_menu.item(t("keys.make_reserve"), on_select=Keys.put(k.id, KeyState.STANDBY.value)),
    )
    off = rx.cond(~is_held & ~is_off, rx.dropdown_menu.item(t("keys.turn_off"), on_select=Keys.put(k.id, KeyState.DISABLED.value)))
    end = rx.cond(
        k.look == Held.ROTATION.value,
        rx.dropdown_menu.item(t("keys.cancel_rotation"), color_scheme="red", on_select=Rotating.cancel(k.id)),
        rx.cond(  # a key that took another's place is all there is to go back from
            k.goes_back_to == "",
            rx.dropdown_menu.item(t("keys.remove"), color_scheme="red", on_select=Keys.ask_remove(k.id), **opens(REMOVE)),
        ),
    )
    return more(
        k.label,
        rx.dropdown_menu.item(t("common.edit"), on_select=KeyForm.edit(k.id), **opens(EDIT)),
        replace,
        token,
        back,
        use,
        reserve,
        off,
        rx.cond(k.goes_back_to == "", rx.dropdown_menu.separator()),
        end,
    )
