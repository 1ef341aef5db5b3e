"""Model servers nearby: one sentence, one button, then ready-made cards."""

from collections.abc import Callable

import reflex as rx
from reflex.event import EventType

from app.ui.i18n import t
from app.ui.kit.drawn import Drawn, drawn
from app.ui.presets.local_servers_state import LocalServers
from app.ui.presets.logo import logo


def local_servers(take: Callable[[rx.Var[str]], EventType[()]]) -> rx.Component:
    """Looks only when asked to. `take`: address of a card → what happens."""
    found = drawn(LocalServers.servers).length()
    button = rx.button(
        rx.icon("radar", size=16, aria_hidden="true"),
        rx.cond(LocalServers.looked, t("local.again"), t("local.look")),
        variant="soft",
        size="3",
        type="button",
        loading=LocalServers.looking,
        on_click=LocalServers.look,
        flex_shrink="0",
    )
    return rx.flex(
        rx.flex(
            rx.flex(
                rx.flex(
                    rx.icon("house", size=18, color="var(--accent-11)", aria_hidden="true"),
                    rx.heading(t("local.title"), size="3", as_="h2"),
                    spacing="2",
                    align="center",
                ),
                rx.text(t("local.text"), size="2", color_scheme="gray"),
                direction="column",
                spacing="1",
                flex="1",
                min_width="220px",
            ),
            button,
            spacing="3",
            align="center",
            wrap="wrap",
        ),
        rx.box(
            rx.cond(LocalServers.problem != "", rx.text(LocalServers.problem, size="2")),
            rx.cond(
                LocalServers.looked & (LocalServers.problem == ""),
                rx.cond(
                    found > 0,
                    rx.text(t("local.found", n=found), size="2", weight="medium"),
                    rx.text(t("local.none", hosts=LocalServers.hosts), size="2", color_scheme="gray"),
                ),
            ),
            role="status",
            class_name="pb-hushed",
        ),
        rx.cond(
            found > 0,
            rx.grid(
                rx.foreach(LocalServers.servers, lambda server: _card(server, take)),
                columns="repeat(auto-fill, minmax(min(100%, 260px), 1fr))",
                spacing="2",
                class_name="pb-rung",
            ),
        ),
        direction="column",
        spacing="3",
        padding="16px",
        border_radius="var(--radius-4)",
        border="1px solid var(--gray-a4)",
        width="100%",
        text_align="left",
    )


def _card(server: Drawn, take: Callable[[rx.Var[str]], EventType[()]]) -> rx.Component:
    state = rx.cond(
        server.provider != "",
        t("local.added"),
        rx.cond(server.models > 0, t("card.models", n=server.models), t("local.no_list")),
    )
    return rx.el.button(
        rx.flex(
            logo(server.logo, server.initials, server.tint),
            rx.flex(
                rx.text(rx.cond(server.label != "", server.label, t("local.unknown")), size="2", weight="medium", as_="span"),
                rx.text(server.shown, size="1", color_scheme="gray", as_="span", class_name="pb-mono pb-cut"),
                rx.text(state, size="1", color_scheme="gray", as_="span"),
                direction="column",
                min_width="0",
            ),
            spacing="3",
            align="center",
            min_width="0",
        ),
        class_name="pb-tile",
        style={"padding": "10px 12px", "alignItems": "center", "minWidth": "0"},
        type="button",
        on_click=take(server.base_url),
        key=server.base_url,
    )
