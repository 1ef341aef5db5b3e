"""`make bench-page`: the providers page with 500 providers in a real Chromium in front of the built pages, nothing slowed down.

Everything is measured in the browser, from the event to the DOM, with the page's own clock (see `tests/bench/page.js`):

* interactive: from the start of the navigation to the first provider in the page, after which a click on a menu is answered.
* status change: from the moment the change was answered over REST until the page shows it, and what came over the websocket for it.
* click: from the event (pointerdown, click, input) to the DOM that answers it.

`ROUNDS=20`, `PROVIDERS=500` by default. Medians; in brackets the slowest of ten (90th percentile).
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.conftest import PASSWORD
from tests.fixtures import chromium
from tests.fixtures.running import Patchbay, fakellm, patchbay

PROBE = Path(__file__).with_name("page.js").read_text("utf-8")
ROUNDS = int(os.environ.get("ROUNDS", "20"))
PROVIDERS = int(os.environ.get("PROVIDERS", "500"))
VIEWPORT: ViewportSize = {"width": 1280, "height": 860}
LOAD = os.getloadavg()[0]


def seed(client: httpx.Client, upstream: str) -> None:
    """Providers with a hundred names, some off, some tested."""

    def one(number: int) -> None:
        body = {
            "name": f"p-{number:03}",
            "label": f"Provider {number:03}",
            "base_url": upstream,
            "auth_type": "none" if number % 3 else "api_key",
            "default_model": "gpt-4o-mini",
            "tags": [("prod", "lab", "eu")[number % 3]],
            "enabled": number % 10 != 9,
        }
        if number % 3 == 0:
            body["credential"] = {"secret": {"api_key": f"sk-bench-{number:05}-abcdef"}}
        client.post("/providers", json=body).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(PROVIDERS)))
    for number in range(0, 12, 3):
        client.post(f"/providers/p-{number:03}/test", json={"depth": "chat"}).raise_for_status()


def sign_in(page: Page, console: Patchbay) -> None:
    page.goto(f"{console.url}/login/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Provider 000", exact=True).first.wait_for()


def interactive(page: Page, console: Patchbay) -> dict[str, float]:
    """Open the page anew; the browser's cache is as a second visit finds it."""
    page.goto("about:blank")
    page.goto(console.url, wait_until="commit")
    page.evaluate("bench.until(() => bench.shown > 0)")
    page.evaluate("bench.quiet()")
    found = page.evaluate("({shown: bench.shown, busy: bench.busy, frames: bench.frames, nodes: document.querySelectorAll('*').length})")
    return {
        "shown": found["shown"],
        "blocked": found["busy"],
        "bytes": sum(f["size"] for f in found["frames"]),
        "largest": max(f["size"] for f in found["frames"]),
        "nodes": found["nodes"],
    }


def status_change(page: Page, client: httpx.Client, *, on: bool) -> dict[str, float]:
    """Somebody else switches a provider that is in view."""
    page.evaluate("bench.quiet()")
    page.evaluate(f"bench.arm(() => bench.state('Provider 001') === '{str(on).lower()}')")
    began = time.time()
    client.post(f"/providers/p-001/{'enable' if on else 'disable'}").raise_for_status()
    answered = time.time()
    page.evaluate("bench.until(() => bench.seen)")
    page.evaluate("bench.quiet()")
    found = page.evaluate("({at: performance.timeOrigin + bench.seen, frames: bench.since(), own: bench.seen})")
    frames = found["frames"]
    return {
        "after_answer": found["at"] - answered * 1000,
        "after_request": found["at"] - began * 1000,
        "after_frame": found["own"] - max(f["at"] for f in frames if f["at"] <= found["own"]),
        "bytes": sum(f["size"] for f in frames),
        "largest": max(f["size"] for f in frames),
    }


@dataclass(frozen=True)
class Click:
    """`do` makes the event of `kind`; `holds` (JavaScript) says when the page has answered; `undo` puts everything back."""

    kind: str
    holds: str
    do: Callable[[Page], object]
    undo: Callable[[Page], object]


def switch(page: Page) -> object:
    return page.get_by_role("switch", name="Provider 002 is on").click()


def choose(page: Page, group: str) -> object:
    return page.get_by_role("combobox", name="Filter by status").select_option(label=group)


def search(page: Page, text: str) -> object:
    return page.get_by_role("searchbox").fill(text)


def edit(page: Page) -> None:
    """The menu opens by a key, so that the first click is the one on its entry."""
    page.get_by_role("button", name="More for Provider 000").press("Enter")
    page.get_by_role("menuitem", name="Edit").click()


CLICKS = {
    "menu": Click(
        "pointerdown",
        "document.querySelector('[role=menu]')",
        lambda page: page.get_by_role("button", name="More for Provider 000").click(),
        lambda page: page.keyboard.press("Escape"),
    ),
    "switch": Click("click", "bench.state('Provider 002') === 'false'", switch, switch),
    "search": Click(
        "input",
        "bench.listed().length === 10",
        lambda page: search(page, "provider 00"),
        lambda page: search(page, ""),
    ),
    "filter": Click(
        "input",
        "bench.row('Provider 009') && !bench.row('Provider 000')",
        lambda page: choose(page, "Off"),
        lambda page: choose(page, "All"),
    ),
    "open": Click(
        "click",
        "document.querySelector('[role=dialog] [name=label]')",
        edit,
        lambda page: page.keyboard.press("Escape"),
    ),
}


def click(page: Page, which: Click) -> float:
    """Milliseconds from the event to its answer in the page."""
    page.evaluate("bench.quiet()")
    page.evaluate(f"bench.arm(() => {which.holds}, '{which.kind}')")
    which.do(page)
    page.evaluate("bench.until(() => bench.seen)")
    took = float(page.evaluate("bench.seen - bench.began"))
    which.undo(page)
    return took


def measure(page: Page, console: Patchbay, client: httpx.Client) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}

    def note(prefix: str, found: dict[str, float]) -> None:
        for name, value in found.items():
            figures.setdefault(f"{prefix}.{name}", []).append(value)

    for _ in range(ROUNDS):
        note("load", interactive(page, console))
        note("status", status_change(page, client, on=False))
        note("status", status_change(page, client, on=True))
        for name, which in CLICKS.items():
            note("click", {name: click(page, which)})
    return figures


def table(figures: dict[str, list[float]]) -> str:
    def row(what: str, name: str, unit: str) -> str:
        values = sorted(figures[name])
        slow = values[min(len(values) - 1, int(len(values) * 0.9))]
        return f"| {what} | {statistics.median(values):,.1f} {unit} | {slow:,.1f} | {values[0]:,.1f} |"

    rows = ["| what | median | slowest of ten | fastest |", "|---|---|---|---|"]
    for what, name, unit in ROWS:
        rows.append(row(what, name, unit))
    return "\n".join(rows)


ROWS = [
    ("navigation → providers shown", "load.shown", "ms"),
    ("… of it, main thread blocked (long tasks)", "load.blocked", "ms"),
    ("… websocket, all frames", "load.bytes", "B"),
    ("… largest frame", "load.largest", "B"),
    ("… elements in the page", "load.nodes", ""),
    ("status change: answered → shown", "status.after_answer", "ms"),
    ("… requested → shown", "status.after_request", "ms"),
    ("… last frame → shown", "status.after_frame", "ms"),
    ("… websocket, all frames", "status.bytes", "B"),
    ("… largest frame", "status.largest", "B"),
    ("click: menu of a provider opens", "click.menu", "ms"),
    ("click: switch → shown off", "click.switch", "ms"),
    ("typing: search → list narrowed", "click.search", "ms"),
    ("click: provider → dialog with its fields", "click.open", "ms"),
    ("click: status filter → list narrowed", "click.filter", "ms"),
]


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="patchbay-page-") as folder,
        fakellm(Path(folder) / "fakellm") as upstream,
        patchbay(Path(folder) / "console") as console,
        sync_playwright() as playwright,
    ):
        console.admin("ada@example.org", PASSWORD)
        with console.rest() as client:
            seed(client, upstream)
            browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.QUIET)
            context = browser.new_context(viewport=VIEWPORT, locale="en-GB")
            context.add_init_script(PROBE)
            page = context.new_page()
            sign_in(page, console)
            figures = measure(page, console, client)
            browser.close()
    print(
        f"{PROVIDERS} providers, {ROUNDS} rounds, load before and after {LOAD:.1f} and {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )
    print(table(figures))
    if keep := os.environ.get("KEEP"):
        Path(keep).write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
