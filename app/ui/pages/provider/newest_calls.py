"""The newest calls of a provider as a strip: one mark each, the newest last."""

import reflex as rx

from app.ui.i18n import ago, moment, t
from app.ui.kit.busy import sign
from app.ui.kit.drawn import Drawn, drawn
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run
from app.ui.provider.parts import busy
from app.ui.session.session import SessionState


def newest_calls() -> rx.Component:
    """What calls say of the provider, and the button that looks again."""
    c = drawn(ProviderPage.card)
    marks = drawn(ProviderPage.marks)
    said = rx.cond(
        c.seen_at != "",
        rx.text(c.seen, " · ", ago(c.seen_at), size="2"),
        rx.text(t("health.nothing"), size="2", color_scheme="gray"),
    )
    strip = rx.el.ol(rx.foreach(marks, _mark), class_name="pb-plain pb-strip", aria_label=t("health.newest"))
    return rx.card(
        rx.flex(
            rx.heading(t("health.title"), size="3", as_="h3"),
            rx.cond(SessionState.is_admin, _again(c)),
            align="center",
            justify="between",
            spacing="3",
            wrap="wrap",
            margin_bottom="8px",
        ),
        rx.flex(
            said,
            rx.cond(marks.length() > 0, strip, rx.text(t("health.no_calls"), size="2", color_scheme="gray")),
            direction="column",
            spacing="3",
        ),
        size="2",
    )


def _mark(mark: Drawn) -> rx.Component:
    said = f"{mark.text} {moment(mark.at)}"
    return rx.el.li(rx.el.span(said, class_name="pb-hidden"), title=said, custom_attrs={"data-state": mark.state})


def _again(c: Drawn) -> rx.Component:
    runs = drawn(Probing.runs)
    testing = busy(runs[c.id].to(Run), runs.contains(c.id))
    return rx.button(
        sign("refresh-cw", testing, 14),
        rx.cond(c.seen_at != "", t("health.again"), t("card.test")),
        variant="soft",
        size="1",
        type="button",
        aria_busy=testing,
        on_click=Probing.test(c.id, c.name, c.preset),
    )
