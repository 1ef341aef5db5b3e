"""A person at a browser of their own, and everything that browser complained about."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response
from playwright.sync_api import Error as BrowserError

from tests.walk.house import PASSWORD
from tests.walk.look import WATCH, Look, look, still
from tests.walk.wire import Wire

T = TypeVar("T")
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LANGUAGES = {"ada@example.org": "en-GB", "bob@example.org": "vi-VN", "vi@example.org": "zh-CN"}


@dataclass
class Desk:
    """`last`: the page as it was after this person's last step. `heard`: notices this tab was shown. `excused`: lines that trouble brings
    about, until this person's next step is over. `late`: lines of the last step that a slow page writes after it. `spoke`: languages this
    tab has had."""

    email: str
    context: BrowserContext
    wire: Wire
    page: Page = field(init=False)
    last: Look | None = None
    pressed: int = 9
    heard: list[str] = field(default_factory=list)
    excused: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    spoke: set[str] = field(default_factory=set)
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    wrong_passwords: int = 0

    def __post_init__(self) -> None:
        self.context.set_default_timeout(20_000)
        self.context.add_init_script(WATCH)
        self.context.on("console", self._complained)
        self.context.on("weberror", lambda error: self.console.append(f"page error: {error.error}"))
        self.context.on("requestfailed", self._failed)
        self.context.on("response", self._answered)
        self.new_tab()

    @property
    def name(self) -> str:
        return self.email.split("@")[0]

    @property
    def url(self) -> str:
        return self.wire.url

    def new_tab(self) -> None:
        """A fresh tab in place of the old one."""
        old = getattr(self, "page", None)
        self.page = self.context.new_page()
        # What the browser asks before a page is left: leave it.
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.last, self.pressed, self.heard, self.spoke = None, 9, [], set()
        if old is not None:
            old.close()

    def go(self, path: str) -> None:
        """Open an address in this tab."""
        try:
            self.page.goto(self.url + path, wait_until="domcontentloaded")
        except BrowserError as error:
            if "ERR_ABORTED" not in error.message and "interrupted" not in error.message:
                raise

    def look(self, longest: int = 2_500) -> Look:
        """The page once it is still."""

        def read(page: Page) -> Look:
            still(page, longest=longest)
            return look(page)

        return self.ask(read)

    def ask(self, read: Callable[[Page], T]) -> T:
        """What can be read from the page, from the next one where it is left meanwhile."""
        for _ in range(20):
            try:
                return read(self.page)
            except BrowserError as error:
                if "navigat" not in error.message and "context" not in error.message:
                    raise
                self.page.wait_for_load_state("domcontentloaded")
        raise AssertionError("the page never comes to rest")

    def sign_in(self, password: str = PASSWORD) -> None:
        """Through the form of the page it is on."""
        self.page.locator("input[name=email]").fill(self.email)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("main button[type=submit], form button[type=submit]").first.click()
        self.page.wait_for_load_state("domcontentloaded")

    def complaints(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the browser complained about since the last time: its console, its requests."""
        found = tuple(self.console), tuple(self.requests)
        self.console.clear()
        self.requests.clear()
        return found

    def _complained(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        failure = request.failure or ""
        if "ERR_ABORTED" not in failure:  # the page was left meanwhile
            self.requests.append(f"{request.method} {request.url} {failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.requests.append(f"{response.request.method} {response.url} answered {response.status}")


def desk(browser: Browser, email: str, wire: Wire) -> Desk:
    """A browser that asks for this person's language."""
    context = browser.new_context(viewport=DESK, locale=LANGUAGES[email], reduced_motion="reduce", accept_downloads=True)  # type: ignore[arg-type]
    return Desk(email, context, wire)
