"""The tabs of a provider's page but the keys: what it is, its models, what happened to it."""

from typing import Any

import reflex as rx

from app.ui.history.entries import entry_list
from app.ui.i18n import ago, t, t_code
from app.ui.kit import copying, empty
from app.ui.kit.browser import Reveal
from app.ui.kit.drawn import Drawn, drawn
from app.ui.pages.provider.keys.key_table import keys_tab
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.pages.provider.newest_calls import newest_calls
from app.ui.pages.provider.page_search import page_search
from app.ui.pages.provider.provider_page import HISTORY, KEYS, MODELS, OVERVIEW, ProviderPage
from app.ui.probe.ladder import ladder
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run
from app.ui.provider.parts import busy, result
from app.ui.session.session import SessionState


def provider_tabs() -> rx.Component:
    """The row of tabs and what stands below it."""
    keys = rx.cond(drawn(ProviderKeys.total) > 0, rx.badge(ProviderKeys.total, variant="soft", color_scheme="gray", radius="full"))
    tabs: tuple[tuple[str, rx.Component, rx.Component], ...] = (
        (OVERVIEW, rx.fragment(), _overview()),
        (KEYS, keys, keys_tab()),
        (MODELS, rx.fragment(), _models()),
        (HISTORY, rx.fragment(), _history()),
    )
    return rx.tabs.root(
        rx.tabs.list(
            *[
                rx.tabs.trigger(rx.flex(t(f"provider_page.{name}"), mark, spacing="2", align="center"), value=name)
                for name, mark, _ in tabs
            ],
            aria_label=t("provider_page.tabs"),
            class_name="pb-tabs",
        ),
        *[rx.tabs.content(content, value=name, padding_top="20px") for name, _, content in tabs],
        value=ProviderPage.tab,
        on_change=ProviderPage.choose_tab,
    )


def _overview() -> rx.Component:
    facts = drawn(ProviderPage.facts)
    run = drawn(ProviderPage.run)
    tags = rx.flex(rx.foreach(facts.tags, lambda tag: rx.badge(tag, variant="soft", color_scheme="gray")), spacing="2", wrap="wrap")
    calls = rx.flex(
        rx.text(facts.calls_to, size="2", class_name="pb-mono", style={"overflowWrap": "anywhere"}),
        copying.button(facts.calls_to, size="1"),
        spacing="2",
        align="center",
        wrap="wrap",
    )
    lines = (
        _fact("calls_to", calls),
        _fact("sign_in", t_code("auth_type", facts.auth_type)),
        _fact("default_model", rx.cond(facts.default_model != "", _mono(facts.default_model), t("provider_page.none"))),
        _fact("short_name", _mono(facts.name)),
        rx.cond(facts.kind != "", _fact("kind", facts.kind)),
        rx.cond(facts.description != "", _fact("note", rx.text(facts.description, size="2", style={"overflowWrap": "anywhere"}))),
        rx.cond(facts.tags.length() > 0, _fact("tags", tags)),
        _fact("created", rx.fragment(ago(facts.created_at), rx.cond(facts.created_by != "", rx.fragment(" · ", facts.created_by)))),
        _fact("changed", ago(facts.updated_at)),
    )
    c, runs = drawn(ProviderPage.card), drawn(Probing.runs)
    under_way, is_open = runs[c.id].to(Run), runs.contains(c.id)
    tested = rx.flex(
        rx.text(ago(facts.tested_at), rx.cond(facts.tested_by != "", rx.fragment(" · ", facts.tested_by)), size="1", color_scheme="gray"),
        ladder(run),
        direction="column",
        spacing="3",
    )
    return rx.grid(
        rx.card(rx.el.dl(*lines, class_name="pb-facts"), size="2"),
        rx.flex(
            newest_calls(),
            rx.card(
                rx.heading(t("provider_page.last_test"), size="3", as_="h3", margin_bottom="8px"),
                Reveal.create(when=busy(under_way, is_open)),
                rx.cond(
                    is_open,
                    result(c, under_way),
                    rx.cond(run.outcome != "", tested, rx.text(t("provider_page.not_tested"), size="2", color_scheme="gray")),
                ),
                size="2",
            ),
            direction="column",
            spacing="4",
        ),
        columns=rx.breakpoints(initial="1", md="2"),
        spacing="4",
        align="start",
    )


def _fact(name: str, value: Drawn) -> rx.Component:
    return rx.el.div(rx.el.dt(t(f"provider_page.{name}")), rx.el.dd(value))


def _mono(text: Drawn) -> rx.Component:
    return rx.text(text, size="2", class_name="pb-mono", style={"overflowWrap": "anywhere"})


def _models() -> rx.Component:
    search = page_search(t("saved.search"))
    shown = drawn(ProviderPage.models).length()
    more = rx.cond(ProviderPage.matching > shown, rx.text(t("saved.first_shown", n=shown), size="1", color_scheme="gray"))
    filled = rx.flex(
        rx.flex(
            search,
            rx.text(t("card.models", n=ProviderPage.model_count), size="2", color_scheme="gray", white_space="nowrap"),
            spacing="3",
            align="center",
        ),
        rx.card(
            rx.el.ul(rx.foreach(ProviderPage.models, _model), class_name="pb-plain", aria_label=t("provider_page.models")),
            padding="0",
            size="1",
        ),
        rx.cond(ProviderPage.matching == 0, rx.text(t("provider_page.no_model"), size="2", color_scheme="gray", role="status")),
        more,
        direction="column",
        spacing="3",
    )
    add = rx.button(
        t("provider_page.list_found"), variant="soft", size="1", type="button", high_contrast=True, on_click=ProviderPage.list_found
    )
    unlisted = rx.callout.root(
        rx.callout.icon(rx.icon("boxes", size=16, aria_hidden="true")),
        rx.flex(
            rx.text(t("provider_page.unlisted", n=ProviderPage.unlisted), size="2"),
            rx.cond(SessionState.is_admin, add),
            align="center",
            spacing="3",
            wrap="wrap",
        ),
        color_scheme="gray",
        size="1",
        high_contrast=True,
        role="note",
    )
    nothing = empty.empty("boxes", t("provider_page.no_models"), t("provider_page.no_models_text"))
    listed = rx.cond(ProviderPage.model_count > 0, filled, nothing)
    return rx.flex(rx.cond(ProviderPage.unlisted > 0, unlisted), listed, direction="column", spacing="4")


def _model(name: Drawn) -> rx.Component:
    default: dict[str, Any] = {"variant": "soft", "size": "1"}
    return rx.el.li(
        rx.flex(
            _mono(name),
            rx.cond(drawn(ProviderPage.facts).default_model == name, rx.badge(t("card.default"), **default)),
            spacing="3",
            align="center",
        ),
        style={"padding": "8px 16px", "borderTop": "1px solid var(--gray-a3)", "&:first-child": {"borderTop": "0"}},
        key=name,
    )


def _history() -> rx.Component:
    nothing = empty.empty("scroll-text", t("audit.empty_title"), t("audit.empty_text"))
    return rx.flex(
        rx.cond(drawn(ProviderPage.entries).length() > 0, entry_list(ProviderPage.entries), nothing),
        rx.cond(ProviderPage.older, rx.center(rx.button(t("audit.older"), variant="soft", on_click=ProviderPage.show_older))),
        direction="column",
        spacing="4",
    )
