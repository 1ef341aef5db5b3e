"""For pages that must work before anybody is signed in: the page's own address, and forms that need no websocket."""

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar
from reflex_components_core.el.elements.base import BaseHTML

MODULE = "$/utils/place"  # written by `plugins.place`

_HOOK = VarData(imports={MODULE: [ImportVar(tag="usePlace")]}, hooks={"const place = usePlace();": None})


def asked(what: str) -> rx.vars.StringVar:
    """A value of the address's query (error, email, name, next, wait), or `token`, what stands behind `#`. "" until the page is alive."""
    return rx.Var(f"place.{what}", _var_type=str, _var_data=_HOOK).to(str)


def is_ready() -> rx.vars.BooleanVar:
    """Whether the page is alive, so that the address is known."""
    return rx.Var("place.ready", _var_type=bool, _var_data=_HOOK).to(bool)


def is_plain() -> rx.vars.BooleanVar:
    """Whether the page came over plain http from another machine."""
    return rx.Var("place.plain", _var_type=bool, _var_data=_HOOK).to(bool)


class NativeForm(BaseHTML):
    """A form the browser itself sends. Reflex's own form prevents that and sends an event instead."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]
