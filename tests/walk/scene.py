"""What an action is given, and the choice of what to press: by the seed, as little as possible by what else stands on the page."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.ui import i18n
from tests.walk.desk import Desk
from tests.walk.house import House
from tests.walk.look import Look
from tests.walk.seen import Step

_CONTROLS = (Path(__file__).parent / "controls.js").read_text("utf-8")
PRESS_MS = 1_500


@dataclass(frozen=True)
class Control:
    """Something that can be pressed or filled. `inside`: what lies on top that it belongs to; `at` finds it again."""

    at: int
    kind: str
    label: str
    field: bool = False
    type: str = ""
    name: str = ""
    secret: bool = False
    filled: bool = False
    href: str = ""
    submits: bool = False
    inside: str = ""
    options: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return f"{self.kind} {self.label[:60]!r}"


@dataclass
class Scene:
    """One step's stage."""

    seed: str
    number: int
    chance: Random
    desk: Desk
    desks: list[Desk]
    house: House
    before: Look
    names: list[str]  # of the providers there are

    def controls(self) -> list[Control]:
        """What can be pressed or filled; while something lies on top, only that."""
        found = [Control(**{**read, "options": tuple(read["options"])}) for read in self.desk.page.evaluate(_CONTROLS)]
        for layer in ("alertdialog", "menu", "dialog"):
            if inner := [control for control in found if control.inside == layer]:
                return inner if layer != "dialog" or not _all_popovers(self.before) else found
        return found

    def pick(self, controls: list[Control], weight: Callable[[Control], float] = lambda _: 1.0) -> Control | None:
        """One of them. Another one that comes or goes changes the choice only where it would be chosen itself."""
        rated = [(self._draw(control) / weight(control), control.at, control) for control in controls if weight(control) > 0]
        return min(rated)[2] if rated else None

    def press(self, control: Control, times: int = 1) -> str:
        """Press it; says so, or that it went away meanwhile."""
        place = self.desk.page.locator(f'[data-walk="{control.at}"]')
        try:
            (place.dblclick if times == 2 else place.click)(timeout=PRESS_MS)
        except Exception as error:  # noqa: BLE001 - whatever the browser says, it is told and the walk goes on
            return f"{control.said} (not pressed: {str(error).splitlines()[0][:80]})"
        return control.said

    def _draw(self, control: Control) -> float:
        seed = f"{self.seed} {self.number} {control.kind} {control.label} {control.name} {control.href}"
        return -math.log(max(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") / 2**64, 1e-12))


Action = Callable[[Scene], Step | None]
"""Does one thing, and says what; None where it is not possible here."""


def _all_popovers(page: Look) -> bool:
    return all(dialog.popover for dialog in page.dialogs)


def text_of(key: str, language: str) -> str:
    """A text of the catalogue."""
    return i18n.say(language if language in i18n.languages() else i18n.ENGLISH, key)
