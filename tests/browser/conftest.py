"""A real browser in front of the product as a user starts it. `SHOTS=folder` keeps pictures of the way."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fixtures import chromium
from tests.fixtures.running import Patchbay, fakellm, patchbay

PASSWORD = "correct horse battery staple"

# What waits this long has failed; a busy machine must not look like a failure.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a module: Playwright's loop must have ended before an asynchronous test of another module begins."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.BRIEF)
        yield running
        running.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    """Patchbay on an empty data folder."""
    with patchbay(tmp_path_factory.mktemp("console")) as started:
        yield started


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a server that speaks the OpenAI protocol and that nobody here wrote. It keeps nothing of what it is asked."""
    with fakellm(tmp_path_factory.mktemp("fakellm")) as url:
        yield url


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """A desk with an empty browser; complaints of its pages fail the test."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def shot() -> Callable[[Page, str], Any]:
    """Keep a picture when pictures are wanted."""
    folder = os.environ.get("SHOTS", "")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take
