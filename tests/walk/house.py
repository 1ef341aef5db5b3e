"""The server of a walk with everything around it, and what REST tells of it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.running import Patchbay, free_port, patchbay
from tests.fixtures.upstream import Upstream
from tests.walk.marks import MARK
from tests.walk.seen import Provider, Truth
from tests.walk.wire import Loop, upstreams

PASSWORD = f"correct horse {MARK} staple"
PEOPLE = (("ada@example.org", "admin"), ("bob@example.org", "admin"), ("vi@example.org", "viewer"))


@dataclass
class House:
    """A running Patchbay, its fixture providers, and REST with a key of an admin."""

    server: Patchbay
    upstreams: dict[str, Upstream]
    loop: Loop
    away: int
    rest: httpx.Client = field(init=False)
    _read: int = 0

    def __post_init__(self) -> None:
        self.rest = httpx.Client(base_url=f"{self.server.url}/api/v1", timeout=20, trust_env=False)

    @property
    def addresses(self) -> dict[str, str]:
        """What providers can be pointed at: answers, refuses keys, is slow, is away."""
        return {name: upstream.base_url for name, upstream in self.upstreams.items()} | {"away": f"http://127.0.0.1:{self.away}/v1"}

    def furnish(self) -> None:
        """The people, and a provider of each kind."""
        (first, _), *others = PEOPLE
        self.server.admin(first, PASSWORD)
        for email, role in others:
            self.call("POST", "/users", json={"email": email, "name": email.split("@")[0].title(), "role": role, "password": PASSWORD})
        for name, address in self.addresses.items():
            draft = {"name": name, "label": name.title(), "base_url": address, "auth_type": "none", "default_model": "alpha-small"}
            self.call("POST", "/providers", json=draft)
        for number in range(2):
            keyed = {"label": f"Main {number}", "secret": {"api_key": f"sk-{MARK}{number:016x}"}}
            if not number:
                draft = {"name": "keyed", "label": "Keyed", "base_url": self.addresses["good"], "auth_type": "api_key"}
                self.call("POST", "/providers", json=draft)
            self.call("POST", "/providers/keyed/credentials", json=keyed)
        self.call("POST", "/client-keys", json={"name": "Website", "scope": "gateway"})

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request with an admin's key; with another one where somebody of the walk revoked it."""
        answer = self.rest.request(method, path, **more)
        if answer.status_code == 401:
            key = self.server.run("client-key", "add", "walk", "--scope", "admin").stdout.strip()
            self.rest.headers["Authorization"] = f"Bearer {key}"
            for _ in range(100):
                if (answer := self.rest.request(method, path, **more)).status_code != 401:
                    break
        return answer

    def truth(self, page: str = "", *, everything: bool = False) -> Truth:
        """What REST tells of the providers, and of what stands on this page."""
        providers = self.call("GET", "/providers", params={"limit": 100}).raise_for_status().json()["items"]
        people = self._items("/users") if everything or page == "/people" else []
        keys = self._items("/client-keys") if everything or page == "/client-keys" else []
        return Truth(
            tuple(
                Provider(p["name"], p["label"], p["enabled"], p["status"], p["is_default"], tuple(c["label"] for c in p["credentials"]))
                for p in providers
            ),
            {p["email"]: p["is_active"] for p in people},
            tuple(k["name"] for k in keys if not k["revoked_at"]),
            self.call("GET", "/providers/registry-status").raise_for_status().json()["revision"],
        )

    def _items(self, path: str) -> list[dict[str, Any]]:
        return self.call("GET", path).raise_for_status().json()["items"]

    def new_log(self) -> tuple[str, ...]:
        """Whole lines of the log since the last time."""
        printed = self.server.printed()[self._read :]
        whole = printed[: printed.rfind("\n") + 1]
        self._read += len(whole)
        return tuple(whole.splitlines())


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    """Everything, furnished; stopped in the end."""
    loop = Loop()
    with upstreams(loop) as made, patchbay(folder) as server:
        opened = House(server, made, loop, free_port())
        with opened.rest:
            opened.furnish()
            yield opened
    loop.close()
