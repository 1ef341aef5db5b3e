"""Pressing things: once, twice, with the keyboard, and the ways out of what lies on top."""

from app.ui import i18n
from tests.walk.oracles.texts import forms
from tests.walk.scene import Control, Scene
from tests.walk.seen import Kind, Step

PRESSING = ("Enter", "Space", "?", "Control+k")
KEYS = (*PRESSING, "Tab", "Shift+Tab", "ArrowDown", "ArrowUp", "ArrowRight", "Home", "End", "/")


def _said(*keys: str) -> frozenset[str]:
    return frozenset(form for texts in i18n.catalogues().values() for key in keys for form in forms(texts[key]))


_RARE, _SELDOM = _said("shell.sign_out", "shell.skip"), _said("shell.language", "shell.theme", "shell.account")


def press(scene: Scene) -> Step | None:
    """One thing that can be pressed."""
    control = scene.pick([c for c in scene.controls() if not c.field], _weight)
    return control and Step(Kind.PRESS, f"press {scene.press(control)}")


def double_press(scene: Scene) -> Step | None:
    """The same thing twice, as fast as a mouse does."""
    control = scene.pick([c for c in scene.controls() if not c.field], _weight)
    return control and Step(Kind.PRESS, f"double-press {scene.press(control, 2)}", twice=True)


def escape(scene: Scene) -> Step | None:
    """The way out of whatever lies on top, a few times where it asks."""
    times = scene.chance.choice((1, 1, 2, 3))
    for _ in range(times):
        scene.desk.page.keyboard.press("Escape")
    return Step(Kind.LEAVE, f"Escape ×{times}")


def key(scene: Scene) -> Step | None:
    """A key, wherever the focus is."""
    name, times = scene.chance.choice(KEYS), scene.chance.choice((1, 1, 2, 5))
    for _ in range(times):
        scene.desk.page.keyboard.press(name)
    return Step(Kind.PRESS if name in PRESSING else Kind.TYPE, f"key {name} ×{times}", twice=times > 1)


def wait(scene: Scene) -> Step | None:
    """Until what is busy is done; no request of the walk's providers runs that long."""
    if not scene.before.busy:
        return None
    scene.desk.page.evaluate(
        """(longest) => new Promise((done) => {
          const begin = performance.now();
          const ask = () =>
            document.querySelector("button[aria-busy=true], button .rt-Spinner") && performance.now() - begin < longest
              ? setTimeout(ask, 100)
              : done(null);
          ask();
        })""",
        LONGEST_MS,
    )
    return Step(Kind.MEANWHILE, f"wait for {', '.join(scene.before.busy)}", waited=True)


LONGEST_MS = 40_000


def _weight(control: Control) -> float:
    if control.label in _RARE:
        return 0.03
    if control.label in _SELDOM:  # they stand on every page
        return 0.2
    if control.inside in ("menu", "alertdialog"):
        return 3.0
    return 0.5 if control.href.startswith("/") and not control.inside else 1.0
