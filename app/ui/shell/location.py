"""For pages that must work before anybody is signed in: the page's own address, and forms that need no websocket."""

from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar
from reflex_components_core.el.elements.base import BaseHTML

MODULE = "$/utils/location"  # written by `own_files`

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

    @classmethod
    def create(cls, *children: rx.Component, **props: Any) -> "NativeForm":
        """The browser does not check it: it would say what is wrong in its own words and language."""
        attrs = {**props.pop("custom_attrs", {}), "noValidate": True}
        return super().create(*children, custom_attrs=attrs, **props)  # type: ignore[return-value] - Reflex says Component


class FieldCheck(rx.Component):
    """Below a field of a native form: says what is wrong with it when the form is sent, and keeps it from being sent. `missing`: it is
    empty; `wrong`: what is in it is not what its type asks for."""

    library = MODULE
    tag = "FieldCheck"
    field: rx.Var[str]
    missing: rx.Var[str]
    wrong: rx.Var[str]
