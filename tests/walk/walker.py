"""The walk: one step after the other, each by somebody, each judged. Chosen by a seed alone."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from playwright.sync_api import Browser

from tests.walk import judge
from tests.walk.actions import going, outside, pressing, trouble, typing
from tests.walk.desk import Desk, desk
from tests.walk.house import PEOPLE, House
from tests.walk.look import Look
from tests.walk.scene import Action, Scene
from tests.walk.seen import Kind, Seen, Step, Truth
from tests.walk.wire import Wire

ACTIONS: dict[Action, float] = {
    pressing.press: 34,
    pressing.double_press: 5,
    pressing.escape: 6,
    pressing.key: 4,
    typing.type_: 9,
    typing.fill_and_send: 10,
    typing.enter_twice: 3,
    going.back: 5,
    going.forward: 3,
    going.reload: 3,
    going.address: 4,
    going.provider: 3,
    going.unknown: 1,
    going.new_tab: 1,
    going.language: 1.5,
    going.theme: 0.7,
    going.width: 1.5,
    outside.over_rest: 6,
    outside.by_command: 0.4,
    trouble.drop: 0.8,
    trouble.restart: 0.6,
}
IN_A_DIALOG: dict[Action, float] = {typing.fill_and_send: 30, typing.type_: 14, going.back: 7}
OFTEN = (3, 3, 2)  # how often it is whose turn: admins can do more
WHERE_FIGURES_STAND = ("", "/people", "/client-keys")
PATIENCE_MS = 3_500  # what was found must still be there after this: a session that ended may stay open for two looks, a second each
SHOWN = 15


@dataclass
class Finding:
    """What was found, where, and the steps that led there."""

    text: str
    where: str
    trace: list[str]
    picture: str = ""

    def __str__(self) -> str:
        return "\n".join([f"{self.text}\n  at {self.where} {self.picture}", *(f"    {line}" for line in self.trace)])


@dataclass
class Walk:
    """A walk of one seed. `trace` holds every step as it was told."""

    seed: str
    house: House
    desks: list[Desk]
    folder: Path
    trace: list[str] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    number: int = 0
    _told: list[tuple[Desk, Kind, str]] = field(default_factory=list)

    def run(self, steps: int) -> list[Finding]:
        """So many steps; every kind of finding once."""
        for _ in range(steps):
            self.step()
        return list(self.findings.values())

    def step(self) -> None:
        """One person does one thing."""
        self.number += 1
        chance = Random(f"{self.seed} {self.number}")  # noqa: S311 - to be repeated, not to be secret
        who = chance.choices(self.desks, OFTEN)[0]
        before = who.look()
        if who.last is not None:
            self._judge(who, Step(Kind.MEANWHILE, "meanwhile", explains=who.late), who.last, before, None)
            who.late = ()
        truth = self.house.truth(everything=True)
        scene = Scene(self.seed, self.number, chance, who, self.desks, self.house, before, [p.name for p in truth.providers])
        done = self._act(scene)
        self._tell(who, done, f"{before.path}{before.query} [{before.language}]")
        who.pressed = 0 if done.kind is Kind.PRESS else who.pressed + 1
        self._judge(who, done, before, who.look(), truth)
        who.excused = ()
        if self.number % 20 == 0:
            outside.tidy(scene)

    def _act(self, scene: Scene) -> Step:
        if (step := self._find_the_way_in(scene)) is not None:
            return step
        if scene.before.busy and scene.chance.random() < 0.3 and (step := pressing.wait(scene)):
            return step
        weights = ACTIONS | (IN_A_DIALOG if any(not dialog.popover for dialog in scene.before.dialogs) else {})
        while True:
            action = scene.chance.choices(list(weights), list(weights.values()))[0]
            if (step := action(scene)) is not None:
                return step

    def _find_the_way_in(self, scene: Scene) -> Step | None:
        """Whoever was signed out signs in again; an account that was switched off is switched on."""
        who = scene.desk
        if (scene.before.path.startswith("/setup") and scene.chance.random() < 0.7) or scene.desk.page.url == "about:blank":
            who.go("/")
            return Step(Kind.LOAD, "open /")
        if not scene.before.path.startswith("/login") or not who.page.locator("input[name=email]").count():
            return None
        if who.wrong_passwords < 2 and scene.chance.random() < 0.15:
            who.wrong_passwords += 1
            who.sign_in("not the password")
            return Step(Kind.LOAD, "sign in with a wrong password", explains=(r"sign-in",))
        user = next(u for u in self.house.call("GET", "/users").json()["items"] if u["email"] == who.email)
        if not user["is_active"]:
            self.house.call("POST", f"/users/{user['id']}/enable")
        who.sign_in()
        return Step(Kind.LOAD, "sign in")

    def _judge(self, who: Desk, step: Step, before: Look, after: Look, truth: Truth | None) -> None:
        who.spoke.add(after.language)
        console, requests = who.complaints()
        explained = replace(step, explains=(*step.explains, *who.excused))
        seen = Seen(
            explained, before, after, console, requests, self.house.new_log(), self._truth(after, truth is not None and step.twice), truth,
            switched=len(who.spoke) > 1, pressed=who.pressed, heard=tuple(who.heard),
        )  # fmt: skip
        found = judge.ask(judge.AT_ONCE, seen)
        later = judge.ask(judge.IN_THE_END, seen)
        if later:
            who.page.wait_for_timeout(PATIENCE_MS)
            after = who.look()
            again = replace(seen, after=after, truth=self._truth(after, False))
            found += [text for text in judge.ask(judge.IN_THE_END, again) if text in later]
        who.heard += seen.new_toasts
        who.last = after
        for text in found:
            self._note(who, step, text, after)

    def _truth(self, page: Look, asked: bool) -> Truth | None:
        here = page.path.rstrip("/")
        stands = here in WHERE_FIGURES_STAND or here.startswith("/providers/")
        return self.house.truth(here, everything=asked) if asked or stands else None

    def _note(self, who: Desk, step: Step, text: str, page: Look) -> None:
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+", "…", text)
        if kind in self.findings:
            return
        picture = self.folder / f"{self.seed}-{self.number}-{who.name}.png"
        who.page.screenshot(path=picture)
        # What others pressed in their own browsers explains nothing here; what they changed might.
        led = [line for whose, kind_, line in self._told if whose is who or kind_ in (Kind.OUTSIDE, Kind.TROUBLE)][-SHOWN:]
        led += ["(meanwhile)"] if step.kind is Kind.MEANWHILE else []
        self.findings[kind] = Finding(text, f"{page.path}{page.query} [{page.language}] seed {self.seed}", led, str(picture))
        print(f"FOUND {self.findings[kind]}", flush=True)

    def _tell(self, who: Desk, step: Step, where: str) -> None:
        line = f"{self.number:4} {who.name:3} {where} {step.said}"
        self.trace.append(line)
        self._told.append((who, step.kind, line))
        if os.environ.get("WALK_TELLS"):
            print(line, flush=True)


@contextmanager
def walk(seed: str, house: House, browser: Browser, folder: Path) -> Iterator[Walk]:
    """Everybody signed in, at the first page."""
    desks = [desk(browser, email, Wire(house.loop, house.server.port)) for email, _ in PEOPLE]
    for one in desks:
        one.go("/login/")
        one.sign_in()
        one.look()
    try:
        yield Walk(seed, house, desks, folder)
    finally:
        for one in desks:
            one.context.close()
            one.wire.close()
