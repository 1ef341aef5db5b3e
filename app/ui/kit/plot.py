"""Bars over time."""

from typing import Any

import reflex as rx

from app.ui.i18n import Language

MODULE = "$/utils/plot"  # written by `own_files`


class Plot(rx.Component):
    """`points`: a list of `state.usage.Point`. `whole` and `part` name the two values of a point, `part` "" = there is none; `kind`:
    count, money or ms; `step`: hour or day; `tone` of the part: plain or error; `label` says in a sentence what is drawn."""

    library = MODULE
    tag = "Plot"
    points: rx.Var[Any]
    whole: rx.Var[str]
    part: rx.Var[str]
    kind: rx.Var[str]
    step: rx.Var[str]
    tone: rx.Var[str]
    label: rx.Var[str]
    language: rx.Var[str]

    @classmethod
    def create(cls, *children: rx.Component, **props: Any) -> "Plot":
        """In the reader's language."""
        return super().create(*children, language=Language.code, **props)  # type: ignore[return-value] - Reflex says Component
