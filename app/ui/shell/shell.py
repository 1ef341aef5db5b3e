"""What stands around every page: rail, top bar, bottom bar on a phone, and the gate that shows nothing before sign-in is known."""

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex.app import default_error_boundary
from reflex.event import IndividualEventType
from reflex_components_core.core.banner import has_connection_errors

from app.domain.actor import Role
from app.ui import page
from app.ui.i18n import HtmlLang, amount, t
from app.ui.kit.browser import Notice, Skip, crashed
from app.ui.kit.dialog_host import Gate, desk
from app.ui.session.live import Live
from app.ui.session.notices import Notices
from app.ui.session.session import SessionState
from app.ui.shell import brand, connection, location, recovery_reminder, top_bar
from app.ui.shell.account_dialog import account_dialog

ABOVE_BUTTONS = "84px"  # on a phone a notice stands above the bottom bar and above the buttons of a dialog
TABS = 4  # entries of the bottom bar; a fifth opens the others


def frame(entry: page.Page) -> rx.Component:
    """The page inside the shell; a page without a role is drawn bare."""
    if entry.role is None:
        return rx.fragment(HtmlLang.create(), entry.content())
    content = (
        entry.content()
        if entry.focused or entry.route == recovery_reminder.ROUTE
        else rx.fragment(recovery_reminder.reminder(), entry.content())
    )
    if entry.role is Role.ADMIN:
        content = rx.cond(SessionState.is_admin, content, _not_for_you())
    return rx.fragment(
        HtmlLang.create(),
        desk(),
        Notice.create(seq=Notices.seq, level=Notices.level, text=Notices.text),
        Skip.create(t("shell.skip"), to="content"),
        account_dialog(),
        rx.box(
            rx.fragment() if entry.focused else _rail(entry),
            rx.box(
                _plain_banner(),
                top_bar.top(entry),
                connection.explained(),
                rx.el.main(
                    Gate.create(content, _waiting(), ready=rx.State.is_hydrated & SessionState.is_known),
                    id="content",
                    tab_index=-1,
                    class_name="pb-content",
                ),
                class_name="pb-column",
            ),
            rx.fragment() if entry.focused else _bottom(entry),
            class_name="pb-shell pb-focused" if entry.focused else "pb-shell",
        ),
    )


def wraps() -> dict[tuple[int, str], Callable[[bool], rx.Component | None]]:
    """What Reflex puts around all pages: the boundary for errors, with our own words, but not its own English notices about the
    connection."""

    def boundary(stateful: bool) -> rx.Component:
        return default_error_boundary(fallback_render=crashed(), **({} if stateful else {"on_error": rx.noop()}))

    return {(55, "ErrorBoundary"): boundary}


def toaster() -> rx.Component:
    """Where notices appear."""
    named = {
        "containerAriaLabel": t("toast.title"),
        "toastOptions": rx.Var.create({"closeButtonAriaLabel": t("common.close")}),
        "mobileOffset": rx.Var.create({"bottom": ABOVE_BUTTONS, "left": "16px", "right": "16px"}),
    }
    return rx.toast.provider(position="bottom-right", close_button=True, rich_colors=False, theme=rx.color_mode, custom_attrs=named)


def title(entry: page.Page) -> rx.Var[str]:
    """What the browser's tab says: what the page is about, the page, the product."""
    kind = t(entry.title) + " · Patchbay"
    if entry.subject is None:
        return kind
    subject = entry.subject()
    return rx.cond(subject != "", subject + " · " + kind, kind)


def on_load(entry: page.Page) -> list[IndividualEventType[()]]:
    """Who is it, where do things stand, then the page's own."""
    return [SessionState.load, Live.look, *entry.on_load] if entry.role else list(entry.on_load)


def _entries() -> list[page.Page]:
    return [entry for entry in page.pages() if entry.nav]


def _is_at(entry: page.Page, current: page.Page) -> bool:
    return entry.route in (current.route, current.within)


def _link(entry: page.Page, current: page.Page, class_name: str, *, closes: bool = False) -> rx.Component:
    """`closes`: it lies in what opens above the bottom bar, and closes it."""
    icon = entry.nav.icon if entry.nav else ""
    link = rx.link(
        rx.icon(icon, size=18, aria_hidden="true"),
        rx.text(t(entry.title), as_="span"),
        href=entry.route,
        underline="none",
        class_name=class_name,
        custom_attrs={"aria-current": "page"} if _is_at(entry, current) else {},
    )
    shown = rx.popover.close(link) if closes else link
    return rx.cond(SessionState.is_admin, shown, rx.fragment()) if entry.role is Role.ADMIN else shown


def _rail(current: page.Page) -> rx.Component:
    return rx.el.aside(
        rx.link(brand.mark(22), rx.text("Patchbay", as_="span"), href="/", underline="none", class_name="pb-brand"),
        rx.el.nav(*[_link(entry, current, "pb-entry") for entry in _entries()], aria_label=t("nav.label"), class_name="pb-nav"),
        rx.box(_pulse(), class_name="pb-foot"),
        class_name="pb-rail",
    )


def _bottom(current: page.Page) -> rx.Component:
    tabs = [_link(entry, current, "pb-tab") for entry in _entries()[:TABS]]
    return rx.el.nav(*tabs, _more(current), aria_label=t("nav.label"), class_name="pb-bottom")


def _more(current: page.Page) -> rx.Component:
    """What a phone's width has no place for. Its icon tells when the connection is lost; the words are inside."""
    others = _entries()[TABS:]
    button = rx.el.button(
        rx.cond(has_connection_errors, rx.icon("cloud-off", size=18, aria_hidden="true"), rx.icon("ellipsis", size=18, aria_hidden="true")),
        rx.text(t("nav.more"), as_="span"),
        type="button",
        class_name="pb-tab",
        custom_attrs={"aria-current": "true"} if any(_is_at(entry, current) for entry in others) else {},
    )
    links = rx.el.nav(*[_link(entry, current, "pb-entry", closes=True) for entry in others], aria_label=t("nav.more"), class_name="pb-nav")
    content = rx.popover.content(
        links, rx.box(_pulse(), class_name="pb-more-foot"), side="top", align="end", size="1", width="264px", aria_label=t("nav.more")
    )
    return rx.popover.root(rx.popover.trigger(button), content)


def _pulse() -> rx.Component:
    return rx.el.div(
        rx.cond(
            has_connection_errors,
            rx.fragment(rx.box(class_name="pb-dot pb-dot-lost"), t("shell.offline")),
            rx.cond(
                rx.State.is_hydrated,
                _spread(),
                rx.fragment(rx.box(class_name="pb-dot pb-dot-wait"), t("shell.connecting")),
            ),
        ),
        title=t("shell.live_hint"),
        role="status",
        class_name="pb-live",
    )


def _spread() -> rx.Component:
    """How far the newest change has come. One worker needs no counting."""
    counted: dict[str, Any] = {"live": Live.live, "n": Live.workers}
    everywhere = rx.fragment(
        t("shell.live_on", **counted),
        rx.el.span(
            t("shell.live_revision", revision=Live.revision),
            rx.cond(Live.seconds > 0, rx.fragment(" · ", t("shell.live_after", seconds=amount(Live.seconds)))),
            class_name="pb-live-more",
        ),
    )
    under_way = rx.fragment(t("shell.live_on", **counted), rx.el.span(t("shell.live_late", worker=Live.late), class_name="pb-live-more"))
    is_everywhere = Live.live == Live.workers
    return rx.fragment(
        rx.box(class_name=rx.cond(is_everywhere, "pb-dot", "pb-dot pb-dot-wait")),
        rx.cond(
            Live.workers > 1,
            rx.el.div(rx.cond(is_everywhere, everywhere, under_way)),
            rx.el.div(t("shell.live", revision=Live.revision)),
        ),
    )


def _plain_banner() -> rx.Component:
    return rx.cond(location.is_plain(), rx.callout(t("shell.plain_http"), icon="shield-alert", color_scheme="amber", size="1", role="note"))


def _waiting() -> rx.Component:
    bars = [rx.skeleton(height="132px", border_radius="var(--radius-4)") for _ in range(6)]
    return rx.box(
        rx.skeleton(height="28px", width="220px"),
        rx.grid(*bars, columns="repeat(auto-fill, minmax(300px, 1fr))", gap="16px", margin_top="24px"),
        aria_busy="true",
        custom_attrs={"aria-label": t("shell.loading")},
    )


def _not_for_you() -> rx.Component:
    return rx.center(
        rx.vstack(
            rx.icon("lock", size=28, color="var(--gray-9)"),
            rx.heading(t("shell.not_for_you"), size="4", as_="h2"),
            rx.text(t("shell.not_for_you_help"), color_scheme="gray", align="center"),
            align="center",
            max_width="420px",
        ),
        min_height="40vh",
    )
