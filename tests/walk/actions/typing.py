"""Filling fields: with what belongs there, with what does not, and sending the form in every way."""

from datetime import UTC, datetime, timedelta
from random import Random

from tests.walk.house import PASSWORD
from tests.walk.marks import MARK
from tests.walk.scene import PRESS_MS, Control, Scene
from tests.walk.seen import Kind, Step

IMPLAUSIBLE = (
    "",
    " ",
    "x" * 300,
    "Kho mô hình dùng chung của phòng nghiên cứu và phát triển, khu vực Đông Nam Á",
    "<script>alert(1)</script>",
    "Ünïcødé 🦊 中文",
    "'; DROP TABLE provider; --",
    "../../etc/passwd",
    "-1",
    "http://",
    "a b c d e f g h",
    "https://ada:horse@example.org/v1?x=1#y",
    "1e999",
)
IMPLAUSIBLE_SECRETS = ("sk-...0002", "••••4f2a", f"{MARK} a b c", "", "x" * 300)


def type_(scene: Scene) -> Step | None:
    """One field."""
    control = scene.pick([c for c in scene.controls() if c.field])
    return control and Step(Kind.TYPE, _fill(scene, control, scene.chance.random() < 0.35))


def fill_and_send(scene: Scene) -> Step | None:
    """Every field of what lies on top, then the button, in one of the ways a person sends a form."""
    controls = scene.controls()
    fields = [c for c in controls if c.field]
    submit = [c for c in controls if c.submits] or [c for c in controls if c.kind == "button" and c.inside == "dialog"][-1:]
    if not fields or not submit:
        return None
    odd = scene.chance.random() < 0.25
    told = [_fill(scene, control, odd and scene.chance.random() < 0.4) for control in fields if scene.chance.random() < 0.9]
    way = scene.chance.choice(("press", "press", "double-press", "Enter", "Enter twice"))
    if way.startswith("Enter"):
        for _ in range(1 + ("twice" in way)):
            scene.desk.page.keyboard.press("Enter")
    else:
        told.append(scene.press(submit[-1], 2 if way == "double-press" else 1))
    return Step(Kind.PRESS, f"fill and send by {way}: {'; '.join(told)}", twice="twice" in way or "double" in way)


def enter_twice(scene: Scene) -> Step | None:
    """In a field, as somebody who is impatient does."""
    control = scene.pick([c for c in scene.controls() if c.field and c.type not in ("select", "textarea")])
    if control is None:
        return None
    place = scene.desk.page.locator(f'[data-walk="{control.at}"]')
    try:
        place.focus(timeout=PRESS_MS)
    except Exception as error:  # noqa: BLE001 - whatever the browser says, it is told and the walk goes on
        return Step(Kind.TYPE, f"{control.said} (no focus: {str(error).splitlines()[0][:60]})")
    scene.desk.page.keyboard.press("Enter")
    scene.desk.page.keyboard.press("Enter")
    return Step(Kind.PRESS, f"Enter twice in {control.said}", twice=True)


def _fill(scene: Scene, control: Control, odd: bool) -> str:
    value = _value(scene, control, odd)
    place = scene.desk.page.locator(f'[data-walk="{control.at}"]')
    shown = "(a secret)" if MARK in value else repr(value[:40])
    try:
        if control.type == "select":
            place.focus(timeout=PRESS_MS)
            place.select_option(value, timeout=PRESS_MS)
        else:
            place.fill(value, timeout=PRESS_MS)
    except Exception as error:  # noqa: BLE001 - whatever the browser says, it is told and the walk goes on
        return f"{control.said} (not filled: {str(error).splitlines()[0][:60]})"
    return f"{control.said} := {shown}"


def _value(scene: Scene, control: Control, odd: bool) -> str:
    chance, number = scene.chance, scene.number
    by_type = _by_type(chance, control)
    if by_type is not None:
        return by_type
    if control.secret or control.type == "password":
        return chance.choice(IMPLAUSIBLE_SECRETS) if odd else _secret(scene, control)
    if control.type == "textarea":
        return chance.choice(IMPLAUSIBLE) if odd else _pasted(scene)
    if odd:
        return chance.choice(IMPLAUSIBLE)
    name = f"{control.name} {control.label}".lower()
    if "email" in name:
        return f"p{number % 7}@example.org"
    if "base_url" in name or "address" in name:
        return chance.choice(sorted(scene.house.addresses.values()))
    if "model" in name:
        return chance.choice(("alpha-small", "beta/large", "good/alpha-small", "gone"))
    if control.type == "search" or "to-type" in name or control.inside == "alertdialog":
        return chance.choice(scene.names) if scene.names else "good"
    if control.name in ("name", "label"):
        return f"Item {number % 11}"
    return chance.choice(("", f"text{number % 9}", "prod", "12"))


def _by_type(chance: Random, control: Control) -> str | None:
    match control.type:
        case "select":
            return chance.choice(control.options) if control.options else ""
        case "number":
            return str(chance.choice((0, 1, 5, 60, 100_000, -3)))
        case "date":
            return (datetime.now(UTC) + timedelta(days=chance.choice((-30, 0, 1, 30, 400)))).date().isoformat()
        case "datetime-local":
            return (datetime.now(UTC) + timedelta(days=chance.choice((-1, 1, 30)))).strftime("%Y-%m-%dT%H:%M")
    return None


def _secret(scene: Scene, control: Control) -> str:
    if "password" in control.name and scene.chance.random() < 0.7:
        return PASSWORD
    return f"sk-{MARK}{scene.chance.getrandbits(64):016x}"


def _pasted(scene: Scene) -> str:
    key, address = f"sk-{MARK}{scene.chance.getrandbits(64):016x}", scene.chance.choice(sorted(scene.house.addresses.values()))
    return scene.chance.choice(
        (
            f"OPENAI_API_KEY={key}\nOPENAI_BASE_URL={address}",
            f"curl {address}/chat/completions -H 'Authorization: Bearer {key}' -d '(…)'",
            f"MISTRAL_API_KEY={key}\nGROQ_API_KEY=gsk_{MARK}{scene.chance.getrandbits(64):016x}",
            "nothing to find here",
        )
    )
