"""Testing in a browser: a Fix button that mends and tests again, a key that moves into another header, many tests in one table."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import PASSWORD
from tests.fixtures.fussy import fussy
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser
KEY = "fussy-key-93b1e7d2c4a85f60"


@pytest.fixture(scope="module")
def ready(console: Patchbay) -> Patchbay:
    console.admin("ada@example.org", PASSWORD)
    with console.rest() as rest:
        rest.post("/providers", json={"name": "lab", "label": "Lab", "base_url": "http://127.0.0.1:9/v1", "auth_type": "none"})
    return console


@pytest.fixture
def page(desk: BrowserContext, ready: Patchbay) -> Iterator[Page]:
    page = desk.new_page()
    page.goto(f"{ready.url}/login/?next=/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    yield page
    page.close()


def fill(page: Page, address: str, key: str) -> Locator:
    """The form of a new Custom Provider, tested."""
    page.get_by_role("button", name="Add provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Enter an address").click()
    dialog.get_by_label("Address", exact=True).fill(address)
    dialog.get_by_label("Name", exact=True).first.fill("Fussy")
    dialog.locator("input[type=password]").fill(key)
    dialog.get_by_role("button", name="Test", exact=True).click()
    return dialog


def test_a_pressed_repair_mends_the_address_and_tests_again(page: Page, shot: Callable[[Page, str], Any]) -> None:
    with fussy(below="/api/v1/", key=KEY) as upstream:
        dialog = fill(page, f"{upstream.origin}/api", KEY)
        fix = dialog.get_by_role("button", name=f"Use {upstream.origin}/api/v1")
        expect(fix).to_be_visible()
        shot(page, "form-red")
        fix.click()

        expect(dialog.get_by_text("Everything works", exact=True)).to_be_visible()
        expect(dialog.get_by_label("Address", exact=True)).to_have_value(f"{upstream.origin}/api/v1")
        shot(page, "form-mended")


def test_a_key_that_was_refused_moves_into_the_header_it_is_read_from(page: Page, shot: Callable[[Page, str], Any]) -> None:
    with fussy(key=KEY, header="x-api-key") as upstream:
        dialog = fill(page, f"{upstream.origin}/v1", KEY)
        dialog.get_by_role("button", name="Send it as x-api-key").click()

        expect(dialog.get_by_text("Everything works", exact=True)).to_be_visible()
        expect(dialog.locator("input[type=password]")).to_have_value(KEY)
        shot(page, "form-other-header")


def test_many_models_fill_a_table_row_by_row_and_those_that_passed_are_listed(
    page: Page, ready: Patchbay, shot: Callable[[Page, str], Any]
) -> None:
    models = [f"model-{n:02d}" for n in range(1, 13)]
    with fussy(models=models, slow={"model-12"}, broken={"model-03", "model-07"}) as upstream, ready.rest() as rest:
        draft = {"name": "many", "label": "Many", "base_url": f"{upstream.origin}/v1", "auth_type": "none", "models": models}
        assert rest.post("/providers", json=draft).status_code == 201
        page.get_by_role("button", name="More for Many").click()
        page.get_by_role("menuitem", name="Test models").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("This sends 12 short requests")).to_be_visible()
        shot(page, "batch-before")
        dialog.get_by_role("button", name="Send 12 requests").click()

        expect(dialog.get_by_text("11 of 12 done")).to_be_visible()
        expect(dialog.get_by_text("9 passed")).to_be_visible()
        shot(page, "batch-running")
        dialog.get_by_role("button", name="Stop").click()
        shot(page, "batch-stopped")
        dialog.get_by_role("button", name="List the 9 that passed").click()
        page.get_by_role("alertdialog").get_by_role("button", name="List the 9 that passed").click()

        expect(page.get_by_text("Many lists 9 models that passed.")).to_be_visible()
        listed = {item["identifier"] for item in rest.get("/providers/many/models").json()["items"]}
        assert listed == set(models) - {"model-03", "model-07"}
