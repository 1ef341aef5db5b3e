"""Saving the recovery kit as an admin does it: reminded, asked for the password, given a file, reminded no more."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser


def test_an_admin_saves_the_kit_and_is_reminded_no_more(console: Patchbay, desk: BrowserContext, shot: Callable[[Page, str], None]) -> None:
    console.admin(password=PASSWORD)
    key = (console.data / "keys" / "master.key").read_text().strip()
    page, frames = desk.new_page(), list[str]()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    page.goto(f"{console.url}/login/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("note").get_by_role("link", name="Open Encryption").click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    shot(page, "encryption")
    page.get_by_role("button", name="Save recovery kit").click()
    page.get_by_label("Your password").fill("not the password")
    shot(page, "kit-dialog")
    page.get_by_role("button", name="Save file").click()
    expect(page.get_by_role("alert").filter(has_text="not your account password")).to_be_visible()
    shot(page, "kit-refused")
    page.get_by_label("Your password").fill(PASSWORD)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save file").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Not yet confirmed as stored safely")).to_be_visible()
    shot(page, "kit-saved")
    page.get_by_role("button", name="Confirm safe storage").click()
    expect(page.get_by_text("Stored safely. An admin confirmed it")).to_be_visible()
    shot(page, "kit-kept")
    page.get_by_role("link", name="Providers").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Providers")
    expect(page.get_by_text("Save your recovery kit")).to_have_count(0)

    assert saved.value.suggested_filename.startswith("patchbay-recovery-kit-")
    assert key in Path(saved.value.path()).read_text("utf-8")
    assert frames
    assert not any(key in frame for frame in frames)
