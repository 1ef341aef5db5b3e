"""The state of a provider's key as word, icon and colour, and what belongs to it: why, since when, what comes next."""

import reflex as rx
from reflex_components_radix.themes.base import LiteralAccentColor

from app.domain.credentials.credential import Held, KeyState, Reminder
from app.ui.i18n import ago, t, t_code, when
from app.ui.kit.drawn import Drawn

LOOKS: dict[str, tuple[str, LiteralAccentColor]] = {
    KeyState.ACTIVE: ("circle-check", "green"),
    KeyState.STANDBY: ("life-buoy", "gray"),
    KeyState.COOLING: ("timer", "amber"),
    KeyState.AUTO_DISABLED: ("circle-x", "red"),
    KeyState.DISABLED: ("circle-off", "gray"),
    KeyState.EXPIRED: ("calendar-x", "amber"),
    KeyState.UNRESOLVED: ("unplug", "red"),
    KeyState.UNREADABLE: ("lock", "red"),
    Held.ROTATION: ("key-round", "iris"),
    Held.ROLLBACK: ("history", "gray"),
}
_URGENT: dict[Reminder, LiteralAccentColor] = {
    Reminder.MONTH: "gray",
    Reminder.FORTNIGHT: "amber",
    Reminder.DAYS: "red",
    Reminder.EXPIRED: "red",
}


def badge(look: Drawn) -> rx.Component:
    """The state itself."""
    looks = [(code.value, _badge(icon, colour, look)) for code, (icon, colour) in LOOKS.items()]  # type: ignore[attr-defined] - enums
    return rx.fragment(rx.match(look, *looks, _badge("circle-help", "gray", look)))


def state(key: Drawn) -> rx.Component:
    """The state with its reason and its times."""
    since = rx.cond((key.reason != "") & (key.since != ""), rx.text(ago(key.since), size="1", color_scheme="gray"))
    again = rx.cond(key.retry_at != "", rx.text(when("keys.tried_again", key.retry_at), size="1", color_scheme="gray"))
    told = rx.cond(key.reason != "", rx.text(key.reason, size="1", color_scheme="gray", style={"overflowWrap": "anywhere"}))
    until = rx.cond(key.retire_at != "", rx.text(when("keys.kept", key.retire_at), size="1", color_scheme="gray"))
    instead = rx.cond(
        (key.look == Held.ROTATION.value) & (key.replaces != ""),
        rx.text(t("keys.takes_over", name=key.replaces), size="1", color_scheme="gray"),
    )
    return rx.flex(
        badge(key.look), told, since, again, until, instead, direction="column", spacing="1", align="start", class_name="pb-key-state"
    )


def ending(at: Drawn, reminder: Drawn, *, far: rx.Component | None = None, of_key: bool = False) -> rx.Component:
    """The last day of a key, louder the nearer it is; `far` stands there while it is not near. `of_key`: say that it is a key's."""
    near = [(band.value, _end(at, reminder, colour, of_key=of_key)) for band, colour in _URGENT.items()]
    return rx.fragment(rx.match(reminder, *near, far or rx.fragment()))


def result(key: Drawn, *, is_shown: Drawn, testing: Drawn) -> rx.Component:
    """What its last test found. `is_shown`: the test itself stands below and says what is wrong."""
    signs = (
        ("ok", _sign("circle-check", "green", t("keys.test_ok"))),
        ("partly", _sign("info", "amber", t("keys.test_partly"))),
        ("failed", _sign("circle-x", "red", t("keys.test_failed"))),
    )
    took = rx.cond(key.latency_ms > 0, rx.fragment(t("card.latency", ms=key.latency_ms), " · "))
    tested = rx.flex(
        rx.match(key.outcome, *signs, rx.fragment()),
        rx.text(took, ago(key.tested_at), size="1", color_scheme="gray"),
        rx.cond(
            (key.problem != "") & (key.reason == "") & ~is_shown, rx.text(key.problem, size="1", color_scheme="gray", max_width="240px")
        ),
        direction="column",
        spacing="1",
    )
    found = rx.cond(key.outcome != "", tested, rx.text(t("keys.not_tested"), size="1", color_scheme="gray"))
    return rx.cond(testing, rx.text(t("status.testing"), size="1", color_scheme="gray"), found)


def _badge(icon: str, colour: LiteralAccentColor, look: Drawn) -> rx.Component:
    return rx.badge(
        rx.icon(icon, size=14, aria_hidden="true"),
        t_code("key_state", look),
        color_scheme=colour,
        variant="soft",
        size="2",
        white_space="nowrap",
        high_contrast=True,
    )


def _end(at: Drawn, reminder: Drawn, colour: LiteralAccentColor, *, of_key: bool) -> rx.Component:
    over = when("keys.one_expired" if of_key else "keys.expired", at)
    said = rx.cond(reminder == Reminder.EXPIRED.value, over, when("keys.one_expires" if of_key else "keys.expires", at))
    icon = rx.icon("calendar-clock", size=12, aria_hidden="true")
    return rx.badge(icon, rx.el.span(said), color_scheme=colour, size="1", high_contrast=True)


def _sign(icon: str, colour: str, word: Drawn) -> rx.Component:
    shown = rx.icon(icon, size=14, color=f"var(--{colour}-11)", aria_hidden="true")
    return rx.flex(shown, rx.text(word, size="1", as_="span", white_space="nowrap"), spacing="1", align="center")
