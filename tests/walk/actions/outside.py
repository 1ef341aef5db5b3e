"""Changes from elsewhere, under the feet of whoever looks at a page: over REST and by the command line."""

from typing import Any

from tests.walk.house import PEOPLE
from tests.walk.marks import MARK
from tests.walk.scene import Scene
from tests.walk.seen import Kind, Step

MOST = 14  # providers, keys: a list that fits on a page


def over_rest(scene: Scene) -> Step | None:
    """One change."""
    change = scene.chance.choice((_create, _rename, _switch, _switch, _delete, _default, _keys, _client_key, _person, _test))
    return Step(Kind.OUTSIDE, f"REST: {change(scene)}")


def by_command(scene: Scene) -> Step | None:
    """One change, by another process."""
    number, name = scene.number, _provider(scene)
    words = scene.chance.choice(
        (
            ("provider", "disable", name),
            ("provider", "enable", name),
            ("client-key", "add", f"Item {number % 11}", "--scope", "gateway"),
            ("user", "add", f"c{number % 5}@example.org", "--role", "viewer", "--password-stdin"),
            ("user", "disable", f"c{number % 5}@example.org"),
        )
    )
    done = scene.house.server.run(*words, stdin=f"horse {MARK} battery staple" if "--password-stdin" in words else None, check=False)
    return Step(Kind.OUTSIDE, f"command: {' '.join(words)} → {done.returncode}")


def tidy(scene: Scene) -> None:
    """Keep the lists so short that they fit on a page."""
    names = [name for name in scene.names if name not in ("good", "keyed")]
    for name in names[: max(0, len(scene.names) - MOST)]:
        scene.house.call("DELETE", f"/providers/{name}")
    keys = [key for key in scene.house.call("GET", "/client-keys").json()["items"] if not key["revoked_at"] and key["scope"] == "gateway"]
    for key in keys[MOST:]:
        scene.house.call("DELETE", f"/client-keys/{key['id']}")


def _create(scene: Scene) -> str:
    kind = scene.chance.choice(sorted(scene.house.addresses))
    label = f"Item {scene.number % 11}"
    draft = {"name": f"made-{scene.number}", "label": label, "base_url": scene.house.addresses[kind], "auth_type": "none"}
    return _done(scene, "POST", "/providers", json=draft)


def _rename(scene: Scene) -> str:
    return _done(scene, "PATCH", f"/providers/{_provider(scene)}", json={"label": f"Renamed {scene.number % 13}"})


def _switch(scene: Scene) -> str:
    return _done(scene, "POST", f"/providers/{_provider(scene)}/{scene.chance.choice(('enable', 'disable'))}")


def _delete(scene: Scene) -> str:
    return _done(scene, "DELETE", f"/providers/{_provider(scene)}") if len(scene.names) > 4 else _create(scene)


def _default(scene: Scene) -> str:
    return _done(scene, "POST", f"/providers/{_provider(scene)}/default")


def _test(scene: Scene) -> str:
    return _done(scene, "POST", f"/providers/{_provider(scene)}/test", json={"depth": scene.chance.choice(("auth", "models", "chat"))})


def _keys(scene: Scene) -> str:
    held = scene.house.call("GET", "/providers/keyed/credentials")
    keys: list[dict[str, Any]] = held.json().get("items", []) if held.status_code == 200 else []
    if len(keys) < 2 or (len(keys) < 5 and scene.chance.random() < 0.5):
        secret = f"sk-{MARK}{scene.chance.getrandbits(64):016x}"
        return _done(
            scene, "POST", "/providers/keyed/credentials", json={"label": f"Key {scene.number % 9}", "secret": {"api_key": secret}}
        )
    return _done(scene, "DELETE", f"/credentials/{scene.chance.choice(keys)['id']}", shown="/credentials/one of keyed")


def _client_key(scene: Scene) -> str:
    keys = [key for key in scene.house.call("GET", "/client-keys").json()["items"] if not key["revoked_at"] and key["scope"] == "gateway"]
    if keys and scene.chance.random() < 0.5:
        return _done(scene, "DELETE", f"/client-keys/{scene.chance.choice(keys)['id']}", shown="/client-keys/one")
    return _done(scene, "POST", "/client-keys", json={"name": f"Item {scene.number % 11}", "scope": "gateway"})


def _person(scene: Scene) -> str:
    people = scene.house.call("GET", "/users").json()["items"]
    ours = {email for email, _ in PEOPLE}
    others = [person for person in people if person["email"] not in ours]
    if len(people) < 9 and scene.chance.random() < 0.5:
        draft = {"email": f"r{scene.number}@example.org", "name": f"Item {scene.number % 11}", "password": f"horse {MARK} battery staple"}
        return _done(scene, "POST", "/users", json=draft)
    # Rarely it is somebody who is at a page just now.
    one = scene.chance.choice(others if others and scene.chance.random() < 0.8 else people)
    if one["email"] == PEOPLE[0][0]:
        return "nothing: the first admin stays"
    return _done(scene, "POST", f"/users/{one['id']}/{scene.chance.choice(('disable', 'enable'))}", shown=f"/users/{one['email']}/switch")


def _provider(scene: Scene) -> str:
    """Rather the one that somebody looks at."""
    looked_at = [desk.last.path.split("/")[2] for desk in scene.desks if desk.last and desk.last.path.startswith("/providers/")]
    here = [name for name in looked_at if name in scene.names]
    return scene.chance.choice(here if here and scene.chance.random() < 0.6 else scene.names or ["good"])


def _done(scene: Scene, method: str, path: str, *, shown: str = "", **more: Any) -> str:
    return f"{method} {shown or path} → {scene.house.call(method, path, **more).status_code}"
