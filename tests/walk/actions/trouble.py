"""Trouble: the server goes and comes back, the line drops, and people go on pressing meanwhile."""

from app.ui import i18n
from tests.walk.actions import pressing, typing
from tests.walk.desk import Desk
from tests.walk.scene import Scene
from tests.walk.seen import Kind, Step

LOST = (
    r"ERR_(CONNECTION|EMPTY|INTERNET|NETWORK|SOCKET|INVALID|INCOMPLETE|ADDRESS)\w*",
    r"WebSocket connection",
    r"Failed to (load|fetch)",
    r"Error loading route module",
)
# A test that looks up a name no resolver answers holds its thread until the resolver gives up, longer than a stop waits for a worker.
STOPPED = (r"_granian: Killing worker-\d+ after it refused to gracefully stop",)
_HAS_LINE = """([texts, longest]) => new Promise((done) => {
  const begin = performance.now();
  const lost = () => [...document.querySelectorAll(".pb-live")].some((e) => texts.some((text) => e.textContent.includes(text)));
  const ask = (calm) => {
    const now = lost();
    if ((!now && calm > 5) || performance.now() - begin > longest) done(null);
    else setTimeout(ask, 100, now ? 0 : calm + 1);
  };
  ask(0);
})"""
_BACK_MS = 30_000


def drop(scene: Scene) -> Step | None:
    """The line of this person is cut for a while."""
    scene.desk.wire.cut()
    told = _goes_on(scene)
    scene.desk.wire.mend()
    _back(scene.desk)
    scene.desk.excused = LOST
    return Step(Kind.TROUBLE, f"line cut{told}, line back", explains=LOST)


def restart(scene: Scene) -> Step | None:
    """The server ends and begins again."""
    scene.house.server.stop()
    told = _goes_on(scene)
    scene.house.server.start()
    for desk in scene.desks:
        _back(desk)
        desk.excused = LOST
    return Step(Kind.TROUBLE, f"server stopped{told}, started", explains=LOST + STOPPED)


def _goes_on(scene: Scene) -> str:
    """What is pressed and typed while nobody answers."""
    scene.desk.page.wait_for_timeout(150)
    told = ""
    for act in scene.chance.sample((pressing.press, typing.type_, typing.fill_and_send), scene.chance.choice((0, 1, 2))):
        if (step := act(scene)) is not None:
            told += f", {step.said}"
    return told


def _back(desk: Desk) -> None:
    """Until the page has its line again; a page that was left meanwhile is loaded."""
    if desk.page.url.startswith("chrome-error"):
        desk.go(desk.last.path if desk.last else "/")
    offline = [i18n.say(code, "shell.offline") for code in i18n.languages()]
    desk.ask(lambda page: page.evaluate(_HAS_LINE, [offline, _BACK_MS]))
