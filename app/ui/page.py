"""What a page is. Every module or package in `app/ui/pages/` ends with `PAGE = Page(...)`; nothing else has to be edited.

Example, `app/ui/pages/weather.py`:

    def content() -> rx.Component:
        return rx.heading(t("weather.title"))

    PAGE = Page(route="/weather", title="weather.title", content=content, nav=Nav("cloud", order=45), on_load=(Weather.load,), texts=TEXTS)

with its English texts in the same file, `TEXTS = {"weather.title": "Weather"}`; other languages translate them in their own files.

A page with a role is drawn inside the shell, after sign-in and hydration, so `content()` never shows to a stranger
and needs no guard of its own. What protects the data is the event guard (`ui/session/guard.py`) and the services, not the page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import reflex as rx
from reflex.event import IndividualEventType

from app import folder
from app.domain.actor import Role
from app.ui import i18n


@dataclass(frozen=True, slots=True)
class Nav:
    """An entry of the rail (bottom bar on a phone). `icon` is a lucide name, the word is the page's title."""

    icon: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `title` is a word key. `role`: the least role that sees it; None = open to everybody, drawn without the shell.
    `focused`: nothing around it but the top bar. `within`: the route of the page it belongs to, where it has no entry of its own.
    `subject`: a Var with the name of what the page is about, for the tab of the browser; "" = not known yet. `texts`: English texts
    of its own, beside those of `app/languages`."""

    route: str
    title: str
    content: Callable[[], rx.Component]
    role: Role | None = Role.VIEWER
    nav: Nav | None = None
    on_load: Sequence[IndividualEventType[()]] = ()
    focused: bool = False
    within: str = ""
    subject: Callable[[], Any] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    module: str = ""  # name of the file it came from; filled by `pages()`


@lru_cache(1)
def pages() -> tuple[Page, ...]:
    """Every page of the folder; those with an entry in the rail first, in its order."""
    found = [replace(module.PAGE, module=name) for name, module in folder.load("app.ui.pages").items()]
    for one in found:
        i18n.bring(one.texts, f"app/ui/pages/{one.module}")
    return tuple(sorted(found, key=lambda p: (p.nav is None, p.nav.order if p.nav else 0, p.route)))
