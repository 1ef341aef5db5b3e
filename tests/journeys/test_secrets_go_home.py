"""A secret only ever arrives at the address it was entered for, whatever is done in whatever order: a machine that does it at random.

Edits, copies, rotations, tests of saved providers and of drafts, requests of applications, and rows changed behind the app's back,
against two servers that write down what they are sent.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from app.domain.credentials.credential import Credential, CredentialDraft, CredentialPatch
from app.domain.errors import PatchbayError
from app.domain.providers.address import origin_of
from app.domain.providers.provider import ProviderDraft
from app.domain.secret import Secret
from app.domain.snapshot import Endpoint, Key
from app.services import credentials, models, providers, rotation
from app.services.probes import run_draft, run_saved
from app.upstream import credential as attaching
from app.upstream import sending
from app.vault import ring
from tests.fixtures.two_homes import ADA, HEADERS, PATHS, TwoHomes

SERVER, PATH = st.integers(0, 1), st.integers(0, len(PATHS) - 1)
ANY = st.integers(0, 1_000)  # of what is there, the one with this number
MOOD = st.sampled_from((0, 0, 0, 1, 2, 3))  # see `TwoHomes.misbehave`
HEADER = st.sampled_from((*HEADERS, None))  # None = a plain key
DEPTH = st.sampled_from(("auth", "chat", "stream"))
MOST = 4
_NEVER = settings(
    database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=(Phase.generate,), print_blob=False
)  # fmt: skip


class SecretsGoHome(RuleBasedStateMachine):
    """`names` and `keys` are what an admin sees; whatever is refused is refused with an error of ours."""

    def __init__(
        self, make: Callable[[Callable[[Coroutine[Any, Any, Any]], Any]], TwoHomes], totals: list[int], violations: list[str]
    ) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.run = self.loop.run_until_complete
        self.homes = make(self.run)
        self.names: list[str] = []
        self.totals = totals
        self.violations = violations

    def teardown(self) -> None:
        self.totals.append(self.homes.arrived)
        self.homes.close()
        self.loop.close()

    def attempt(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """Do it, or be told why not."""
        try:
            return self.run(doing)
        except PatchbayError:
            return None

    def name(self, number: int) -> str:
        return self.names[number % len(self.names)]

    def key(self, name: str, number: int) -> Credential | None:
        """One of the keys that the page of a provider shows."""
        shown = self.run(credentials.list_(ADA, name))
        return shown[number % len(shown)] if shown else None

    def fields(self, header: str | None, *, with_key: bool = True) -> dict[str, Any]:
        """Sign-in as it is typed, with a new key."""
        kind, field = ("api_key", "api_key") if header is None else ("custom_header", "header_value")
        typed: dict[str, Any] = {"auth_type": kind, "auth": {} if header is None else {"header_name": header}}
        return typed | ({"credential": {"secret": {field: self.homes.secret()}}} if with_key else {})

    @initialize(server=SERVER, path=PATH, header=HEADER, how=MOOD)
    def begin(self, server: int, path: int, header: str | None, how: int) -> None:
        self.homes.misbehave(server, how)
        self.create(server, path, header)

    @precondition(lambda self: len(self.names) < MOST)
    @rule(server=SERVER, path=PATH, header=HEADER)
    def create(self, server: int, path: int, header: str | None) -> None:
        name = f"p{len(self.names)}"
        if self.attempt(self.homes.create(name, server, path, self.fields(header) | {"models": ["alpha"]})):
            self.names.append(name)

    @precondition(lambda self: len(self.names) < MOST)
    @rule(number=ANY, with_keys=st.booleans())
    def duplicate(self, number: int, with_keys: bool) -> None:
        name = f"p{len(self.names)}"
        if self.attempt(providers.duplicate(ADA, self.name(number), new_name=name, with_keys=with_keys)):
            self.names.append(name)
            self.attempt(providers.enable(ADA, name))

    @rule(number=ANY, server=SERVER, path=PATH, key=st.sampled_from(("keep", "enter", "detach")), header=HEADER)
    def move(self, number: int, server: int, path: int, key: str, header: str | None) -> None:
        typed: dict[str, Any] = {"base_url": self.homes.url(server, path), "detach": key == "detach"}
        name = self.name(number)
        self.attempt(self.homes.update(name, typed | (self.fields(header) if key == "enter" else {})))
        self.run(self.homes.ask(name))

    @rule(number=ANY, header=HEADER, with_key=st.booleans())
    def sign_in_otherwise(self, number: int, header: str | None, with_key: bool) -> None:
        self.attempt(self.homes.update(self.name(number), self.fields(header, with_key=with_key)))

    @rule(number=ANY, priority=st.integers(1, 2), state=st.sampled_from(("active", "standby", "disabled")))
    def add_key(self, number: int, priority: int, state: str) -> None:
        name = self.name(number)
        self.entered(lambda draft: credentials.add(ADA, name, draft), name, priority=priority, state=state)

    @rule(number=ANY, key=ANY)
    def replace_key(self, number: int, key: int) -> None:
        name = self.name(number)
        if found := self.key(name, key):
            self.entered(lambda draft: credentials.update(ADA, found.id, CredentialPatch(secret=draft.secret)), name)

    @rule(number=ANY, key=ANY)
    def rotate(self, number: int, key: int) -> None:
        name = self.name(number)
        if found := self.key(name, key):
            self.entered(lambda draft: rotation.start(ADA, name, draft, replaces=found.id), name)

    @rule(number=ANY, key=ANY, how=st.sampled_from((rotation.promote, rotation.rollback, rotation.cancel, credentials.remove)))
    def turn(self, number: int, key: int, how: Any) -> None:
        if found := self.key(self.name(number), key):
            self.attempt(how(ADA, found.id))

    @rule(number=ANY, key=ANY, state=st.sampled_from(("active", "standby", "disabled")))
    def switch_key(self, number: int, key: int, state: str) -> None:
        if found := self.key(self.name(number), key):
            self.attempt(credentials.update(ADA, found.id, CredentialPatch.model_validate({"state": state})))

    @rule(number=ANY, depth=DEPTH, key=st.none() | ANY)
    def probe(self, number: int, depth: Any, key: int | None) -> None:
        name = self.name(number)
        found = None if key is None else self.key(name, key)
        self.attempt(_through(run_saved(ADA, name, depth=depth, credential_id=found.id if found else None)))

    @rule(number=ANY, server=SERVER, path=PATH, header=HEADER, with_key=st.booleans(), depth=DEPTH)
    def probe_draft(self, number: int, server: int, path: int, header: str | None, with_key: bool, depth: Any) -> None:
        name = self.name(number)
        typed = {"name": name, "base_url": self.homes.url(server, path)} | self.fields(header, with_key=with_key)
        self.homes.belongs(typed, self.homes.servers[server].origin)
        self.attempt(_through(run_draft(ADA, ProviderDraft.model_validate(typed), depth=depth, provider_name=name)))

    @rule(number=ANY)
    def look_for_models(self, number: int) -> None:
        self.attempt(models.discover(ADA, self.name(number)))

    @rule(number=ANY, times=st.integers(1, 4))
    def ask(self, number: int, times: int) -> None:
        for _ in range(times):
            self.run(self.homes.ask(self.name(number)))

    @rule()
    def heal(self) -> None:
        self.run(self.homes.heal())

    @rule(server=SERVER, how=MOOD)
    def misbehave(self, server: int, how: int) -> None:
        self.homes.misbehave(server, how)

    @rule(number=ANY, server=SERVER, path=PATH, columns=st.sampled_from((("base_url",), ("origin",), ("base_url", "origin"))))
    def change_address_by_hand(self, number: int, server: int, path: int, columns: tuple[str, ...]) -> None:
        values = {"base_url": self.homes.url(server, path), "origin": self.homes.servers[server].origin}
        changed = ", ".join(f"{column} = '{values[column]}'" for column in columns)
        self.run(self.homes.tamper(f"UPDATE provider SET {changed} WHERE name = '{self.name(number)}'"))  # noqa: S608 - by hand
        self.run(self.homes.ask(self.name(number)))

    @rule(number=ANY, server=SERVER)
    def change_binding_by_hand(self, number: int, server: int) -> None:
        of = f"provider_id = (SELECT id FROM provider WHERE name = '{self.name(number)}')"  # noqa: S608 - by hand
        self.run(self.homes.tamper(f"UPDATE credential SET origin = '{self.homes.servers[server].origin}' WHERE {of}"))  # noqa: S608
        self.run(self.homes.ask(self.name(number)))

    @rule(number=ANY, key=ANY, other=ANY, of=ANY)
    def swap_sealed_by_hand(self, number: int, key: int, other: int, of: int) -> None:
        one, two = self.key(self.name(number), key), self.key(self.name(other), of)
        if one and two:
            value = f"(SELECT value FROM credential_secret WHERE credential_id = '{two.id}')"  # noqa: S608 - by hand
            self.run(self.homes.tamper(f"UPDATE credential_secret SET value = COALESCE({value}, value) WHERE credential_id = '{one.id}'"))  # noqa: S608
            self.run(self.homes.ask(self.name(number)))

    @rule(number=ANY, other=ANY, key=ANY)
    def move_key_by_hand(self, number: int, other: int, key: int) -> None:
        if found := self.key(self.name(number), key):
            target = f"(SELECT id FROM provider WHERE name = '{self.name(other)}')"  # noqa: S608 - by hand
            self.run(self.homes.tamper(f"UPDATE credential SET provider_id = {target} WHERE id = '{found.id}'"))  # noqa: S608
            self.run(self.homes.ask(self.name(other)))

    @rule(state=st.sampled_from(("active", "standby", "auto_disabled")))
    def revive_by_hand(self, state: str) -> None:
        self.run(self.homes.tamper(f"UPDATE credential SET state = '{state}', state_reason = '', next_retry_at = NULL"))  # noqa: S608

    @invariant()
    def every_secret_went_home(self) -> None:
        try:
            self.homes.look()
        except AssertionError as error:
            self.violations.append(str(error))
            raise

    def entered(self, how: Callable[[CredentialDraft], Coroutine[Any, Any, Credential]], name: str, **more: Any) -> None:
        """Enter a key on the page of a provider. It belongs where the answer says; an address nobody tampered with is the provider's."""
        before = self.run(providers.get(ADA, name))
        field = "api_key" if before.auth_type == "api_key" else "header_value"
        secret = self.homes.secret()
        saved = self.attempt(how(CredentialDraft.model_validate({"secret": {field: Secret(secret)}, **more})))
        if saved is not None:
            self.homes.home[secret] = saved.origin
            assert saved.origin in (before.origin, origin_of(before.base_url))


async def _through(steps: Any) -> None:
    async with aclosing(steps) as climbing:
        async for _ in climbing:
            pass


@dataclass
class Machine:
    """Runs it: so many times, so many steps each; gives how many secrets arrived at home. `violations` are kept as they are met."""

    fresh: Callable[[Callable[[Coroutine[Any, Any, Any]], Any]], TwoHomes]
    violations: list[str] = field(default_factory=list)

    def __call__(self, times: int, steps: int) -> int:
        runs: list[int] = []
        limits = settings(_NEVER, max_examples=times, stateful_step_count=steps)
        make = cast("type[RuleBasedStateMachine]", lambda: SecretsGoHome(self.fresh, runs, self.violations))  # any callable that makes one
        run_state_machine_as_test(make, settings=limits)
        return sum(runs)


@pytest.fixture
def machine(migrated: Path, tmp_path: Path, vault: ring.Ring, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """On a data folder of its own each time."""

    def fresh(run: Callable[[Coroutine[Any, Any, Any]], Any]) -> TwoHomes:
        data = tmp_path / f"data-{len(list(tmp_path.iterdir()))}"
        monkeypatch.setenv("PATCHBAY_DATA_DIR", str(data))
        return TwoHomes(migrated, data, run)

    return Machine(fresh)


def test_a_secret_only_ever_arrives_where_it_was_entered_for(machine: Machine) -> None:
    assert machine(6, 25) > 10  # a machine that sends nothing would prove nothing


@pytest.mark.soak
def test_and_after_many_more_steps(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = int(os.environ.get("RUNS", "400"))

    assert machine(runs, 50) > 3 * runs


def _open_whatever_the_address(endpoint: Endpoint, key: Key | None) -> dict[str, Secret]:
    """The fault: the key is opened for the address it is bound to and sent to the one that is called."""
    return {field: attaching._opened(key, field, key.origin) for field in key.secrets} if key else {}


def _follow(request: Any) -> Any:
    """The fault: redirects are followed."""

    async def following(method: str, url: Any, body: bytes | None, headers: Any, connect: float) -> Any:
        http = sending.session.current().http
        return await http.request(method, url, data=body, headers=headers, allow_redirects=True, timeout=sending._limits(connect))

    return following


@pytest.mark.parametrize("fault", ["no look at the address", "redirects"])
def test_the_machine_finds_a_planted_fault(machine: Machine, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    if fault == "redirects":
        monkeypatch.setattr(sending, "_request", _follow(sending._request))
    else:
        monkeypatch.setattr(attaching, "opened", _open_whatever_the_address)

    # Servers and sockets are real, so a run that is played again may end otherwise; what was met the first time was met.
    with pytest.raises((AssertionError, Flaky)):
        machine(200, 25)

    assert "a secret entered for" in machine.violations[0]
