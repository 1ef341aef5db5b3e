"""Step three: it is saved; here are its models, choose the default one, done."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog import body, foot, head, this
from app.ui.kit.dialog_host import close
from app.ui.kit.drawn import Drawn, drawn
from app.ui.probe.ladder import ladder
from app.ui.provider_form.form import ProviderForm as Form
from app.ui.provider_form.submission import Submission as Found


def saved() -> rx.Component:
    """Shown once after adding."""
    return rx.fragment(
        head(t("saved.title", name=Form.title), before=rx.icon("circle-check", size=24, color="var(--green-10)", aria_hidden="true")),
        body(
            rx.grid(
                rx.cond(Form.testing, _waiting(), rx.cond(Found.total > 0, models(), _none())),
                rx.cond(
                    Form.tested,
                    rx.box(
                        ladder(Form.run), padding="16px", border_radius="var(--radius-4)", border="1px solid var(--gray-a4)", min_width="0"
                    ),
                ),
                columns=rx.breakpoints(initial="1", md="1fr 340px"),
                spacing="6",
                align="start",
            ),
            min_height=["0", "320px"],
        ),
        foot(
            rx.cond(
                Found.total > 0,
                rx.fragment(
                    rx.button(t("saved.skip"), variant="soft", color_scheme="gray", size="3", on_click=close()),
                    rx.button(t("saved.choose"), size="3", disabled=Found.chosen == "", on_click=Found.finish(this())),
                ),
                rx.button(t("common.done"), size="3", on_click=close()),
            ),
        ),
    )


def _waiting() -> rx.Component:
    return rx.flex(
        rx.text(t("saved.finding"), size="2", color_scheme="gray"),
        rx.skeleton(height="160px"),
        direction="column",
        spacing="3",
        role="status",
    )


def _none() -> rx.Component:
    known = rx.cond(Form.default_model != "", t("saved.default_known", model=Form.default_model), t("saved.none"))
    return rx.flex(
        rx.text(rx.cond(Form.run.outcome == "failed", t("saved.not_tested"), known), size="2", role="status"),
        rx.link(t("saved.next_key"), href="/client-keys", size="2"),
        direction="column",
        spacing="3",
    )


def models() -> rx.Component:
    """The models that were found, one of them chosen."""
    shown = drawn(Found.found).length()
    return rx.flex(
        rx.text(t("saved.found", n=Found.total), size="2", role="status"),
        rx.cond(
            Found.total > 8,
            rx.input(
                rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
                placeholder=t("saved.search"),
                aria_label=t("saved.search"),
                type="search",
                value=Found.search,
                on_change=Found.find.debounce(150),
                size="3",
            ),
        ),
        rx.radio_group.root(
            rx.foreach(Found.found, _model),
            value=Found.chosen,
            on_change=Found.pick,
            aria_label=t("saved.choose"),
            style={"display": "flex", "flexDirection": "column", "gap": "2px", "maxHeight": "320px", "overflowY": "auto"},
        ),
        rx.cond(Found.total > shown, rx.text(t("saved.first_shown", n=shown), size="1", color_scheme="gray")),
        rx.checkbox(t("saved.add_all"), checked=Found.take_all, on_change=Found.choose_all, size="2"),
        direction="column",
        spacing="3",
        min_width="0",
    )


def _model(model: Drawn) -> rx.Component:
    return rx.radio_group.item(
        rx.text(model, size="2", class_name="pb-mono", as_="span", style={"overflowWrap": "anywhere"}), value=model, key=model
    )
