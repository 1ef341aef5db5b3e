"""The address, the title and what stands on the page are of one page."""

import re
from functools import lru_cache
from urllib.parse import parse_qs

from app.ui import i18n
from app.ui import page as console_pages
from tests.walk.seen import Seen


def places(seen: Seen) -> list[str]:
    """Another page's title or content at this address, another tab than the address names; nothing while it still loads."""
    page = seen.after
    if page.waiting or not page.document:
        return []
    told = page.title.removesuffix(" · Patchbay")
    wanted = i18n.say(page.language, _title(page.path.rstrip("/") or "/"))
    if page.path.startswith("/providers/"):
        return _provider(seen, told)
    found = [] if told == wanted else [f"title {told!r} at {page.path}, whose page is {wanted!r}"]
    headings = [heading for heading in page.headings if heading in _titles(page.language) and heading != wanted]
    return found + (
        [f"heading {headings[0]!r} at {page.path}, whose page is {wanted!r}"] if headings and wanted not in page.headings else []
    )


def _provider(seen: Seen, told: str) -> list[str]:
    page = seen.after
    provider = next((p for p in (seen.truth.providers if seen.truth else ()) if p.name == page.path.split("/")[2]), None)
    if provider is None:
        return []
    label = " ".join(provider.label.split())
    found = [] if label in told else [f"title {told!r} on the page of a provider"]
    found += [] if label in page.headings else [f"no heading of the provider at its address: {page.headings}"]
    asked = parse_qs(page.query.lstrip("?")).get("tab", [""])[0]
    is_open = {name for name, chosen in page.tabs if chosen}
    if asked in dict(page.tabs) and asked not in is_open:
        found.append(f"tab {sorted(is_open)} at an address with tab={asked}")
    return found


def _title(path: str) -> str:
    routes = {entry.route: entry.title for entry in console_pages.pages()}
    holes = {re.sub(r"\\\[\w+\\\]", "[^/]+", re.escape(route)): title for route, title in routes.items() if "[" in route}
    return routes.get(path) or next((title for shape, title in holes.items() if re.fullmatch(shape, path)), routes["404"])


@lru_cache
def _titles(language: str) -> frozenset[str]:
    return frozenset(i18n.say(language, entry.title) for entry in console_pages.pages())
