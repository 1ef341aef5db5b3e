"""A person at a browser, and everything a browser could give away: frames, storage, history, console, its profile on disk."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, Playwright, Request, Response, WebSocket, expect

from tests.browser.opening import escape
from tests.canaries.evidence import Evidence
from tests.canaries.journey import Journey
from tests.fixtures import chromium

_STORED = """async () => {
  const bases = await indexedDB.databases();
  return JSON.stringify({
    local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie, address: location.href, title: document.title,
    bases, loaded: performance.getEntries().map((e) => e.name), state: history.state, window: window.name,
    caches: "caches" in window ? await caches.keys() : [],
  });
}"""


class Visitor:
    """Drives one browser with a profile of its own."""

    def __init__(self, journey: Journey, profile: Path) -> None:
        self.journey, self.evidence, self.profile = journey, journey.evidence, profile
        self.secrets = journey.secrets
        self.answers: list[Response] = []

    def visit(self, playwright: Playwright) -> None:
        context = playwright.chromium.launch_persistent_context(
            self.profile, executable_path=chromium.PATH, args=chromium.BRIEF, locale="en-GB", viewport={"width": 1280, "height": 860}
        )
        context.on("request", self.asked)
        context.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108 - Playwright marks what it calls
        context.on("console", lambda message: self.evidence.add("console of the browser", message.type, message.text))
        context.on("weberror", lambda error: self.evidence.add("console of the browser", "error", str(error.error)))
        page = context.pages[0]
        page.set_default_timeout(30_000)
        page.on("websocket", self.listen)
        self.sign_in(page)
        self.add_provider(page)
        self.replace_key(page)
        self.issue_key(page)
        self.add_person(page)
        self.crash(page)
        self.wander(page)
        for cookie in context.cookies():
            self.evidence.add("storage of the browser", f"cookie {cookie.get('name')}", json.dumps(cookie))
        page.get_by_role("button", name="Your account").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        self.look(page, "signed out")
        self.keep_answers()
        context.close()
        self.evidence.add_folder("profile of the browser", self.profile)

    def asked(self, request: Request) -> None:
        headers = {k: v for k, v in request.headers.items() if k != "cookie"}
        self.evidence.add("requests of the browser", request.url, f"{request.method} {request.url}\n{json.dumps(headers)}")

    def keep_answers(self) -> None:
        """Heads of all answers. Their bodies are the bundle's files, and frames of the websocket."""
        for answer in self.answers:
            self.evidence.add("answers to the browser", f"{answer.status} {answer.url}", json.dumps(answer.all_headers()))

    def listen(self, socket: WebSocket) -> None:
        self.evidence.add("frames to the browser", "address", socket.url)
        socket.on("framereceived", lambda frame: self.evidence.add("frames to the browser", "frame", frame))
        socket.on("framesent", lambda frame: self.evidence.add("frames from the browser", "frame", frame))

    def look(self, page: Page, place: str) -> None:
        """What the page holds right now, no dialog open."""
        self.evidence.add("pages", place, page.content())
        self.evidence.add("storage of the browser", place, str(page.evaluate(_STORED)))
        values = page.evaluate("JSON.stringify([...document.querySelectorAll('input,textarea')].map((e) => e.value))")
        self.evidence.add("pages", f"fields, {place}", str(values))

    def sign_in(self, page: Page) -> None:
        page.goto(f"{self.journey.server.url}/login")
        for password in ("password, wrong", "password of the admin"):
            page.get_by_label("Email").fill("ada@example.org")
            page.get_by_label("Password").fill(self.secrets[password])
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(re.compile("error=wrong" if "wrong" in password else r"/(providers)?/?$"))
            self.look(page, f"signed in with the {password}")
        expect(page.get_by_role("button", name="Add provider")).to_be_visible()
        cookie = next(c for c in page.context.cookies() if c.get("name") == "__Host-pb")
        self.secrets["session cookie, browser"] = str(cookie.get("value"))

    def add_provider(self, page: Page) -> None:
        self.journey.key_of["provider key, in the browser"] = self.journey.hostile.origin
        page.get_by_role("button", name="Add provider").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Enter an address").click()
        dialog.get_by_label("Name", exact=True).fill("Seen")
        dialog.get_by_label("Address", exact=True).fill(self.journey.hostile.origin)
        expect(dialog.get_by_text(f"{self.journey.hostile.base_url}/chat/completions")).to_be_visible()
        expect(dialog.get_by_text("This address is on your network.", exact=False)).to_be_visible()
        dialog.get_by_label("API key", exact=True).fill(self.secrets["provider key, in the browser"])
        dialog.get_by_label("Test model").fill("error-json")
        dialog.get_by_role("button", name="Test", exact=True).click()
        expect(dialog.get_by_role("listitem").filter(has_text="Server responds")).to_be_visible()
        expect(dialog.get_by_text("[removed]", exact=False).first).to_be_attached()
        dialog.get_by_role("button", name=re.compile("^Save")).click()
        dialog.get_by_role("button", name="Not now").click()
        expect(dialog).to_be_hidden()
        self.look(page, "provider added")

    def replace_key(self, page: Page) -> None:
        self.journey.key_of["provider key, second in the browser"] = self.journey.hostile.origin
        page.get_by_role("button", name="More for Seen").click()
        page.get_by_role("menuitem", name="Edit").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name=re.compile("Replace")).click()
        dialog.get_by_label("API key", exact=True).fill(self.secrets["provider key, second in the browser"])
        dialog.get_by_role("button", name=re.compile("^Save")).click()
        expect(dialog).to_be_hidden()
        self.look(page, "key replaced")
        page.get_by_role("button", name="Test Seen", exact=True).click()
        expect(page.get_by_role("button", name="Hide result")).to_be_visible()
        self.look(page, "tested")

    def issue_key(self, page: Page) -> None:
        page.get_by_role("link", name="App keys").first.click()
        page.get_by_role("button", name="New key").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("Website chat")
        dialog.get_by_role("button", name="Create key").click()
        shown = dialog.get_by_label("App key", exact=True)
        expect(shown).to_have_text(re.compile(r"pb-[a-z0-9]{12}-\S{43}"))
        self.secrets["client key, browser"] = shown.inner_text().split("-", 2)[2]
        dialog.get_by_role("button", name="I have copied it").click()
        expect(dialog).to_be_hidden()
        self.look(page, "key issued")

    def add_person(self, page: Page) -> None:
        page.get_by_role("link", name="Users").first.click()
        page.get_by_role("button", name="Add user").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("Dora")
        dialog.get_by_label("Email").fill("dora@example.org")
        dialog.get_by_label("Initial password").fill(self.secrets["password, new"])
        dialog.get_by_role("button", name="Add user").click()
        expect(dialog).to_be_hidden()
        self.look(page, "person added")

    def crash(self, page: Page) -> None:
        """A handler that fails in a way nobody foresaw, with the key in its hands."""
        page.get_by_role("link", name="Providers").first.click()
        page.get_by_role("button", name="Add provider").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Enter an address").click()
        dialog.get_by_label("Name", exact=True).fill("Crash")
        dialog.get_by_label("Address", exact=True).fill(self.journey.good.origin)
        expect(dialog.get_by_text("This address is on your network.", exact=False)).to_be_visible()
        dialog.get_by_label("API key", exact=True).fill(self.secrets["provider key, crashed"])
        dialog.get_by_role("button", name=re.compile("^Save")).click()
        expect(page.get_by_text("Something went wrong", exact=False).first).to_be_visible()
        escape(page)
        page.get_by_role("alertdialog").get_by_role("button", name="Discard").click()
        expect(dialog).to_be_hidden()
        self.look(page, "crashed")

    def wander(self, page: Page) -> None:
        page.get_by_role("link", name="Audit log").first.click()
        expect(page.get_by_text("replaced the key of").first).to_be_visible()
        self.look(page, "audit")
        page.reload()
        expect(page.get_by_text("replaced the key of").first).to_be_visible()
        self.look(page, "reloaded")
        page.go_back()
        # Another page brings its own menu; one that was opened before would vanish under the pointer.
        expect(page.get_by_role("link", name="Open Seen")).to_be_visible()
        self.look(page, "gone back")


def walk(journey: Journey, profile: Path, playwright: Playwright) -> Evidence:
    """The whole visit."""
    Visitor(journey, profile).visit(playwright)
    return journey.evidence
