"""Going from place to place: by the browser's own buttons, by address, in another tab, as another reader."""

import contextlib

from playwright.sync_api import Error as BrowserError

from tests.browser.page_words import CHOSEN_ELSEWHERE
from tests.walk.desk import DESK, PHONE
from tests.walk.scene import Scene
from tests.walk.seen import Kind, Step

KNOWN = ("/", "/client-keys/", "/usage/", "/routes/", "/audit/", "/people/", "/encryption/", "/start/", "/login/", "/setup/")
UNKNOWN = (
    "/nope",
    "/no/such/page/",
    "/providers/none-such/",
    "/providers/a/b",
    "/%F0%9F%A6%8A/",
    "/client-keys/x",
    "/audit/?page=-1&x=%00",
)
TABS = ("", "?tab=keys", "?tab=models", "?tab=history", "?tab=settings", "?tab=nonsense")


def address(scene: Scene) -> Step | None:
    """A page by its address."""
    path = scene.chance.choice(KNOWN)
    scene.desk.go(path)
    return Step(Kind.LOAD, f"open {path}")


def provider(scene: Scene) -> Step | None:
    """A provider's page by its address."""
    if not scene.names:
        return None
    path = f"/providers/{scene.chance.choice(scene.names)}/{scene.chance.choice(TABS)}"
    scene.desk.go(path)
    return Step(Kind.LOAD, f"open {path}")


def unknown(scene: Scene) -> Step | None:
    """An address that leads nowhere."""
    path = scene.chance.choice(UNKNOWN)
    scene.desk.go(path)
    return Step(Kind.LOAD, f"open {path}", explains=(r"answered 404", r"status of 404"))


def back(scene: Scene) -> Step | None:
    """The browser's way back, one step or two."""
    return _history(scene, -scene.chance.choice((1, 1, 1, 2)))


def forward(scene: Scene) -> Step | None:
    """And forward again."""
    return _history(scene, 1)


def reload(scene: Scene) -> Step | None:
    """F5."""
    try:
        scene.desk.page.reload(wait_until="domcontentloaded")
    except BrowserError as error:
        return Step(Kind.LOAD, f"reload ({error.message.splitlines()[0][:60]})")
    # An address that leads nowhere still leads nowhere.
    return Step(Kind.LOAD, "reload", explains=(r"answered 404", r"status of 404"))


def new_tab(scene: Scene) -> Step | None:
    """The page once more, in a tab of its own; the old one is closed."""
    path = scene.before.path + scene.before.query
    scene.desk.new_tab()
    scene.desk.go(path)
    return Step(Kind.LOAD, f"new tab at {path}", explains=(r"answered 404", r"status of 404"))


def language(scene: Scene) -> Step | None:
    """Another language, as another tab chooses it: whatever is open stays open."""
    code = scene.chance.choice(("en", "vi", "zh"))
    scene.desk.page.evaluate(CHOSEN_ELSEWHERE, code)
    return Step(Kind.OUTSIDE, f"language {code}")


def theme(scene: Scene) -> Step | None:
    """Night or day."""
    scheme = scene.chance.choice(("light", "dark"))
    scene.desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] - one of the two
    return Step(Kind.OUTSIDE, f"theme {scheme}")


def width(scene: Scene) -> Step | None:
    """A desk or a phone."""
    size = scene.chance.choice((DESK, PHONE))
    scene.desk.page.set_viewport_size(size)  # type: ignore[arg-type] - width and height
    return Step(Kind.OUTSIDE, f"width {size['width']}")


def _history(scene: Scene, steps: int) -> Step | None:
    page, way = scene.desk.page, "Back" if steps < 0 else "Forward"
    with contextlib.suppress(BrowserError):  # a page that was never left has no way back
        for _ in range(abs(steps)):
            (page.go_back if steps < 0 else page.go_forward)(wait_until="commit", timeout=2_000)
    if page.url == "about:blank":  # before the first page of this tab
        scene.desk.go("/")
        return Step(Kind.LOAD, f"{way} {abs(steps)}, out of the console; open /")
    # The address that changes before the first of two pages has come alive: React notes it, and draws the right page.
    scene.desk.late = hurried = (r"React error #418",) if abs(steps) > 1 else ()
    return Step(Kind.LEAVE, f"{way} {abs(steps)}", explains=(r"answered 404", r"status of 404", *hurried))
