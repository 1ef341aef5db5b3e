"""How far a test goes and whom it asks: two fields for beside a Test button, and the dialog that has them for a saved provider."""

import reflex as rx

from app.domain.probes.probe import Depth
from app.ui.i18n import t, t_code
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import stamp
from app.ui.kit.drawn import Drawn
from app.ui.probe.probe_options import TRY, Trial
from app.ui.probe.probing import Probing

DEPTHS: tuple[Depth, ...] = ("auth", "models", "chat", "stream")


def how_far(*, size: str = "2") -> rx.Component:
    """Key only, model list, one answer, streamed answer, with what each may cost. Field `depth` of the form it stands in."""
    choices = [rx.el.option(t(f"try.{depth}"), value=depth) for depth in DEPTHS]
    return rx.el.span(
        rx.el.select(*choices, default_value="chat", name="depth", aria_label=t("try.depth"), class_name=f"pb-select pb-size-{size}"),
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        class_name="pb-picker",
    )


def model(suggestions: Drawn, *, asked: Drawn = "", within: str) -> rx.Component:
    """The model to ask: suggestions in their order, or any other name. Field `test_model` of the form it stands in."""
    known = f"models-{within}"
    return rx.flex(
        rx.el.label(rx.text(t("try.model"), size="2", weight="medium", as_="span"), html_for=f"f-test_model-{within}"),
        rx.input(
            id=f"f-test_model-{within}",
            name="test_model",
            default_value=asked,
            key=asked,
            placeholder=t("try.automatic"),
            list=known,
            size="2",
            width="100%",
            auto_complete="off",
            spell_check=False,
            class_name="pb-mono pb-said",  # a model is code, what stands there before is a sentence
        ),
        rx.el.datalist(rx.foreach(suggestions, suggestion), id=known),
        direction="column",
        spacing="1",
        width="100%",
    )


def suggestion(one: Drawn) -> rx.Component:
    """A model of a list to choose from, with why it is in it."""
    return rx.el.option(t_code("try_group", one.group), value=one.model)


def test_dialog() -> rx.Component:
    """Tests a saved provider in another way than the button on its card; the steps appear on the card."""
    return sheet(
        head(t("card.test_name", name=Trial.label)),
        rx.el.form(
            stamp(),
            body(
                rx.flex(
                    rx.flex(
                        rx.text(t("try.depth"), size="2", weight="medium", as_="span"),
                        how_far(),
                        direction="column",
                        spacing="1",
                        align="start",
                    ),
                    model(Trial.models, within="dialog"),
                    rx.text(t("try.same_way"), size="1", color_scheme="gray"),
                    direction="column",
                    spacing="4",
                )
            ),
            foot(cancel(), rx.button(t("card.test"), size="3", type="submit")),
            no_validate=True,
            on_submit=Probing.test_as,
            auto_complete="off",
        ),
        kinds=(TRY,),
        width="480px",
        description=t("try.same_way"),
    )
