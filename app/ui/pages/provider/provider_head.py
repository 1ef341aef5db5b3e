"""The head of a provider's page: what it is, how it does, and what can be done to all of it."""

import reflex as rx

from app.ui.i18n import t, when
from app.ui.kit.drawn import Drawn, drawn
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.pages.provider.provider_page import KEYS, OVERVIEW, ProviderPage
from app.ui.presets.logo import logo
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run
from app.ui.provider.parts import busy, default_badge, result, state, switch, test_button
from app.ui.provider.provider_menu import provider_menu
from app.ui.session.session import SessionState


def provider_head() -> rx.Component:
    """Logo, name, status, switch, test and menu; the ladder unfolds below."""
    c = drawn(ProviderPage.card)
    runs = drawn(Probing.runs)
    run, tested = runs[c.id].to(Run), runs.contains(c.id)
    name = rx.flex(
        rx.flex(
            rx.heading(c.label, size="6", as_="h2", style={"overflowWrap": "anywhere"}),
            default_badge(c),
            spacing="3",
            align="center",
            wrap="wrap",
        ),
        rx.text(c.address, size="2", color_scheme="gray", class_name="pb-mono", style={"overflowWrap": "anywhere"}),
        direction="column",
        spacing="1",
        min_width="0",
    )
    menu = provider_menu(c, on_delete=ProviderPage.ask_delete, size="3")
    tools = rx.flex(switch(c), test_button(c, busy(run, tested), "2"), menu, spacing="4", align="center")
    return rx.flex(
        rx.link(rx.icon("chevron-left", size=14, aria_hidden="true"), t("nav.providers"), href="/", size="2", class_name="pb-back"),
        rx.flex(
            rx.flex(
                logo(c.face_logo, c.face_initials, c.face_tint, size=48), name, spacing="4", align="center", min_width="0", flex="1 1 300px"
            ),
            rx.cond(SessionState.is_admin, tools),
            spacing="4",
            align="center",
            wrap="wrap",
        ),
        state(c, run, tested, place="page"),
        # Beside the last test, which it becomes, where that is shown.
        rx.cond(tested & (ProviderPage.tab != OVERVIEW), rx.box(result(c, run), max_width="720px")),
        _reminders(),
        direction="column",
        spacing="3",
    )


def _reminders() -> rx.Component:
    """Keys whose date is near or over."""

    def one(key: Drawn) -> rx.Component:
        over, near = (when(said, key.ends_on, name=key.label) for said in ("keys.expired_name", "keys.expires_name"))
        return rx.text(rx.cond(key.reminder == "expired", over, near), size="2")

    look = rx.button(t("keys.look"), variant="soft", size="1", type="button", high_contrast=True, on_click=ProviderPage.choose_tab(KEYS))
    return rx.cond(
        drawn(ProviderKeys.ending).length() > 0,
        rx.callout.root(
            rx.callout.icon(rx.icon("calendar-clock", size=16, aria_hidden="true")),
            rx.flex(
                rx.box(rx.foreach(ProviderKeys.ending, one), flex="1", min_width="0"),
                rx.cond(ProviderPage.tab != KEYS, look),
                align="center",
                spacing="3",
                wrap="wrap",
            ),
            color_scheme="amber",
            size="1",
            high_contrast=True,
            role="note",
        ),
    )
