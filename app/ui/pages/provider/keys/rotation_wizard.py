"""The dialog that replaces a key: one question a step, the two keys side by side while they are tested."""

from typing import Any

import reflex as rx

from app.ui.i18n import t, when
from app.ui.kit.busy import sign
from app.ui.kit.dialog import body, cancel, foot, head, question, sheet, this
from app.ui.kit.dialog_host import close, leave, stamp
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.form_parts import FirstError
from app.ui.kit.options import options
from app.ui.pages.provider.keys import key_secret
from app.ui.pages.provider.keys.key_rotation import KEEP_HOURS, ROTATE, STEPS, Rotating
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.probe.ladder import ladder
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run


def rotation_wizard() -> rx.Component:
    """One for the page."""
    shown = (("paste", _paste()), ("test", _test()), ("promote", _promote()), ("done", _done()))
    return rx.fragment(
        sheet(
            head(t("rotation.title", name=Rotating.old_label)),
            rx.fragment(rx.match(Rotating.step, *shown, rx.fragment())),
            kinds=(ROTATE,),
            width="820px",
            description=t("rotation.about"),
        ),
        question(
            ROTATE,
            also=Rotating.doubting,
            title=t("rotation.doubt_title"),
            text=t("rotation.doubt_text"),
            yes=t("rotation.doubt_yes"),
            on_yes=Rotating.promote(this()),
            no=t("common.back"),
            on_leave=Rotating.doubt(False),
        ),
    )


def _page(text: Drawn, *content: rx.Component) -> rx.Component:
    where = rx.text(t("rotation.step", n=Rotating.number, total=len(STEPS)), size="1", weight="medium", color_scheme="gray", role="status")
    return body(rx.flex(where, rx.text(text, size="2"), *content, direction="column", spacing="4"), min_height=["0", "260px"])


def _paste() -> rx.Component:
    go = rx.button(t("rotation.store"), rx.icon("arrow-right", size=16, aria_hidden="true"), size="3", type="submit")
    return rx.el.form(
        FirstError.create(seq=Rotating.error_seq),
        stamp(),
        _page(t("rotation.paste_text"), key_secret.given(Rotating)),
        foot(cancel(), go),
        on_submit=Rotating.submit,
        key=Rotating.ticket,
        no_validate=True,
        auto_complete="off",
    )


def _test() -> rx.Component:
    return rx.fragment(
        _page(
            t("rotation.test_text"),
            rx.grid(
                _column(t("rotation.new_key"), Rotating.new_label, Rotating.new_id),
                _column(t("rotation.old_key"), Rotating.old_label, Rotating.old_id),
                columns=rx.breakpoints(initial="1", sm="2"),
                spacing="4",
                align="start",
            ),
        ),
        foot(
            _later(), rx.button(t("rotation.go_on"), rx.icon("arrow-right", size=16, aria_hidden="true"), size="3", on_click=Rotating.go_on)
        ),
    )


def _column(title: Drawn, label: Drawn, key_id: Drawn) -> rx.Component:
    runs = drawn(Probing.runs)
    is_known = runs.contains(key_id)
    run = runs[key_id].to(Run)
    testing = is_known & (run.outcome == "")
    test = rx.button(
        sign("activity", testing, 14),
        t("card.test"),
        size="2",
        variant="soft",
        type="button",
        aria_label=t("card.test_name", name=label),
        aria_busy=testing,
        on_click=Probing.test_key(key_id, ProviderKeys.provider, drawn(ProviderPage.card).preset),
    )
    return rx.box(
        rx.flex(
            rx.flex(
                rx.text(title, size="1", color_scheme="gray"), rx.text(label, size="2", weight="medium"), direction="column", min_width="0"
            ),
            rx.spacer(),
            test,
            align="center",
            spacing="3",
        ),
        rx.box(rx.cond(is_known, ladder(run), rx.text(t("rotation.not_tested"), size="2", color_scheme="gray")), margin_top="12px"),
        padding="16px",
        border_radius="var(--radius-4)",
        border="1px solid var(--gray-a4)",
        min_width="0",
    )


def _promote() -> rx.Component:
    keeps = options(
        [(str(h), t(f"rotation.keep_{h}"), t(f"rotation.keep_{h}_help")) for h in KEEP_HOURS],
        value=Rotating.keep_hours,
        on_choose=Rotating.choose_keep,
        label=t("rotation.keep"),
        columns=rx.breakpoints(initial="1", sm="2"),
    )
    back = rx.button(t("common.back"), variant="soft", color_scheme="gray", size="3", type="button", on_click=Rotating.back)
    use = rx.button(t("rotation.use"), size="3", type="button", on_click=Rotating.ask_promote(this()))
    return rx.fragment(_page(t("rotation.promote_text", name=Rotating.new_label), keeps), foot(back, use))


def _done() -> rx.Component:
    kept = rx.cond(
        (Rotating.kept_until != "") & (Rotating.keep_hours != "0"),
        rx.text(when("rotation.kept", Rotating.kept_until), size="2"),
        rx.text(t("rotation.not_kept"), size="2"),
    )
    back = rx.button(
        rx.icon("undo-2", size=16, aria_hidden="true"),
        t("keys.go_back"),
        variant="soft",
        color_scheme="gray",
        size="3",
        type="button",
        on_click=Rotating.roll_back(Rotating.new_id),
    )
    good: dict[str, Any] = {"size": 22, "color": "var(--green-10)", "aria_hidden": "true"}
    return rx.fragment(
        _page(
            t("rotation.done_text", name=Rotating.new_label),
            rx.flex(rx.icon("circle-check", **good), kept, spacing="2", align="center", role="status"),
        ),
        foot(
            rx.cond((Rotating.kept_until != "") & (Rotating.keep_hours != "0"), back),
            rx.button(t("common.done"), size="3", on_click=close()),
        ),
    )


def _later() -> rx.Component:
    return rx.button(t("rotation.later"), variant="soft", color_scheme="gray", size="3", type="button", on_click=leave())
