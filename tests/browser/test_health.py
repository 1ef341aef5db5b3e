"""A provider that fails in the traffic of a process without pages turns on every open one, and a test turns it back."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_dialogs import sign_in
from tests.browser.test_provider_page import Vendor, ready, vendor
from tests.fixtures.running import Patchbay, free_port

__all__ = ["ready", "vendor"]

pytestmark = pytest.mark.browser
SOON = 4_000  # ms: three seconds, and one for a busy machine


@pytest.fixture(scope="module")
def gateway(ready: Patchbay) -> Iterator[httpx.Client]:
    """A client of a gateway in a process of its own, beside the console."""
    key = ready.run("client-key", "add", "app", "--scope", "gateway").stdout.strip()
    beside = Patchbay(ready.data, free_port(), command=("gateway", "--workers", "1")).start()
    with httpx.Client(base_url=f"{beside.url}/v1", headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client
    beside.stop()


def test_what_another_process_sees_turns_open_pages_and_a_recheck_wins(
    desk: BrowserContext, ready: Patchbay, gateway: httpx.Client, vendor: Vendor, shot: Callable[[Page, str], Any]
) -> None:
    listed, opened = sign_in(desk, ready), desk.new_page()
    opened.goto(f"{ready.url}/providers/lab/")
    card, head = listed.get_by_role("listitem", name="Lab"), opened.get_by_role("main")
    marks = head.get_by_role("list", name="Latest requests, most recent last").get_by_role("listitem")
    expect(card).to_contain_text("Not tested")
    expect(head).to_contain_text("No app requests since the last change")

    def call(status: int) -> None:
        asked = {"model": "lab/alpha-small", "messages": [{"role": "user", "content": "hi"}]}
        assert gateway.post("/chat/completions", json=asked).status_code == status

    call(200)
    expect(card).to_contain_text("Responded", timeout=SOON)
    expect(head).to_contain_text("Working", timeout=SOON)
    expect(marks).to_have_count(1)

    vendor.is_broken = True
    for _ in range(3):
        call(502)
    expect(card).to_contain_text("Down", timeout=SOON)
    expect(card).to_contain_text("3 of the last 4 requests failed", timeout=SOON)
    expect(head).to_contain_text("3 of the last 4 requests failed", timeout=SOON)
    expect(marks).to_have_count(4)
    shot(listed, "health-card")
    shot(opened, "health-page")

    vendor.is_broken = False
    opened.get_by_role("button", name="Test again").click()
    expect(card).to_contain_text("Tested ·")
    expect(head).to_contain_text("Working")
    expect(card).not_to_contain_text("failed")
