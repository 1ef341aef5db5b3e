"""The way of a call, drawn: the name an application sends, the models that may answer it in their order, the keys of each."""

import reflex as rx

from app.ui.i18n import moment, t, t_code
from app.ui.kit import empty
from app.ui.kit.browser import Every
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.field import field, wired
from app.ui.kit.picker import choice, picker
from app.ui.pages.routes.routes import Routes
from app.ui.probe.status import badge

LOOK_MS = 5_000


def route_map() -> rx.Component:
    """What stands on the page."""
    nothing = empty.empty("route", t("routes.empty_title"), t("routes.empty_text"))
    return rx.flex(
        Every.create(ms=LOOK_MS, on_tick=Routes.follow),
        rx.text(t("routes.intro"), size="2", color_scheme="gray"),
        _question(),
        rx.cond(Routes.asked, _answer(), nothing),
        direction="column",
        spacing="5",
    )


def _question() -> rx.Component:
    selector = field(
        rx.input(
            **wired("selector", Routes.wrong), default_value=Routes.selector, placeholder="openai/gpt-4o-mini", size="3", width="100%",
            auto_complete="off", spell_check=False,
        ),
        name="selector", label=t("routes.selector"), help_=t("routes.selector_help"), error=Routes.wrong,
    )  # fmt: skip
    whom = rx.flex(
        rx.text(t("routes.whom"), size="2", weight="medium"),
        picker(
            t("routes.whom"),
            [choice(t("routes.anybody"), ""), rx.foreach(Routes.apps, lambda app: choice(app.name, app.id))],
            value=Routes.client_key,
            on_change=Routes.choose_app,
        ),
        direction="column",
        spacing="1",
    )
    return rx.form(
        rx.flex(
            rx.box(selector, flex="1", min_width="min(100%, 280px)"),
            whom,
            rx.button(t("routes.explain"), size="3", type="submit"),
            spacing="3",
            class_name="pb-question",
            wrap="wrap",
        ),
        on_submit=Routes.ask,
        key=Routes.ticket,
        no_validate=True,
        auto_complete="off",
    )


def _answer() -> rx.Component:
    return rx.flex(
        _verdict(),
        rx.foreach(Routes.notes, lambda note: _notice(t_code("skip", note))),
        rx.cond(
            drawn(Routes.targets).length() > 0,
            rx.el.ol(rx.foreach(Routes.targets, _target), class_name="pb-plain", aria_label=t("routes.way")),
        ),
        direction="column",
        spacing="4",
        aria_live="polite",
    )


def _verdict() -> rx.Component:
    """One sentence: where a call would go now, or why nowhere."""
    keyed = rx.cond(
        Routes.key != "",
        t("routes.goes_keyed", provider=Routes.provider, model=Routes.model, name=Routes.key),
        t("routes.goes", provider=Routes.provider, model=Routes.model),
    )
    why = rx.cond(Routes.refused != "", t_code("skip", Routes.refused), t_code("routes.error", Routes.error))
    offers = rx.flex(
        rx.text(t("routes.meant"), size="2"),
        rx.foreach(Routes.suggestions, lambda name: rx.button(name, variant="soft", size="2", on_click=Routes.take(name), type="button")),
        align="center",
        wrap="wrap",
        spacing="2",
    )
    return rx.card(
        rx.flex(
            rx.text(t_code("routes.kind", Routes.kind), size="2", color_scheme="gray"),
            rx.flex(
                rx.match(
                    rx.cond(Routes.error == "", Routes.outlook, "error"),
                    ("likely", _sign("circle-check", "green")),
                    ("unknown", _sign("circle-help", "gray")),
                    ("error", _sign("circle-x", "red")),
                    _sign("triangle-alert", "amber"),
                ),
                rx.heading(rx.cond(Routes.error == "", keyed, why), size="4", as_="h2", style={"overflowWrap": "anywhere"}),
                spacing="2",
                align="center",
            ),
            rx.cond(
                (Routes.error == "") & (Routes.outlook != ""),
                rx.text(
                    rx.cond(
                        Routes.next_model != "",
                        t("routes.falls_back", provider=Routes.next_provider, model=Routes.next_model),
                        t_code("routes.outlook", Routes.outlook),
                    ),
                    size="2",
                ),
            ),
            rx.cond(drawn(Routes.suggestions).length() > 0, offers),
            direction="column",
            spacing="2",
        ),
        size="2",
    )


def _sign(icon: str, colour: str) -> rx.Component:
    return rx.icon(icon, size=20, color=f"var(--{colour}-11)", flex_shrink="0", aria_hidden="true")


def _target(target: Drawn) -> rx.Component:
    head = rx.flex(
        rx.badge(t("routes.place", n=target.place), color_scheme="gray", variant="soft"),
        rx.cond(
            target.provider != "",
            rx.link(rx.cond(target.label != "", target.label, target.provider), href=f"/providers/{target.provider}", weight="medium"),
            rx.text(t("routes.deleted"), weight="medium"),
        ),
        rx.icon("arrow-right", size=14, aria_hidden="true"),
        rx.code(target.model, variant="ghost", style={"overflowWrap": "anywhere"}),
        rx.spacer(),
        rx.cond(target.status != "", badge(target.status, False)),
        _part(target),
        align="center",
        wrap="wrap",
        spacing="2",
    )
    keys = rx.el.ul(
        rx.foreach(target.key_steps, lambda key: _key(key, target.skipped == "")), class_name="pb-plain", aria_label=t("routes.keys")
    )
    without = rx.text(t("routes.no_key_needed"), size="2", color_scheme="gray")
    return rx.el.li(
        rx.card(
            rx.flex(head, _why(target), _concerns(target), rx.cond(target.needs_key, keys, without), direction="column", spacing="2"),
            size="2",
        ),
        margin_bottom="12px",
    )


def _key(key: Drawn, is_used: Drawn) -> rx.Component:
    """Where the model is passed over, only what is wrong with the key itself."""
    return rx.el.li(
        rx.flex(
            rx.icon("key-round", size=14, flex_shrink="0", aria_hidden="true"),
            rx.text(key.label, size="2", flex="1", min_width="0", style={"overflowWrap": "anywhere"}),
            rx.cond(is_used | (key.skipped != ""), rx.box(_part(key, "percent_here"), flex_shrink="0", max_width="50%")),
            align="center",
            spacing="2",
        ),
        _why(key),
        padding="6px 0",
    )


def _part(step: Drawn, share: str = "percent") -> rx.Component:
    """How much of it goes here first: in words, since a share of nothing has two reasons."""
    waits = rx.text(t("routes.only_then"), size="1", color_scheme="gray")
    used = rx.badge(t(f"routes.{share}", n=step.percent), color_scheme="green", variant="soft")
    return rx.cond(
        step.skipped != "", rx.badge(t("routes.skipped"), color_scheme="amber", variant="soft"), rx.cond(step.percent > 0, used, waits)
    )


def _why(step: Drawn) -> rx.Component:
    until = rx.cond(step.until != "", rx.text(t("routes.until", at=moment(step.until)), size="1", color_scheme="gray", as_="span"))
    return rx.cond(
        step.skipped != "",
        rx.flex(rx.text(t_code("skip", step.skipped), size="2", as_="span"), until, direction="column", spacing="1"),
    )


def _concerns(target: Drawn) -> rx.Component:
    """What speaks against an answer of a target that is tried."""
    return rx.cond(target.concerns.length() > 0, rx.el.ul(rx.foreach(target.concerns, _concern), class_name="pb-plain"))


def _concern(code: Drawn) -> rx.Component:
    sign = rx.icon("triangle-alert", size=14, color="var(--amber-11)", flex_shrink="0", margin_top="3px", aria_hidden="true")
    return rx.el.li(rx.flex(sign, rx.text(t_code("concern", code), size="2"), spacing="2", align="start"))


def _notice(text: Drawn) -> rx.Component:
    return rx.callout(text, icon="info", size="1", color_scheme="amber")
