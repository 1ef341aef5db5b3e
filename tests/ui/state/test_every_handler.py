"""Every event handler × every error that what it asks for can meet: nothing stays busy, the reader is told, the button is free again."""

import inspect
from collections.abc import Iterator
from copy import deepcopy
from types import ModuleType
from typing import Any

import pytest
import reflex as rx
from reflex.istate.data import RouterData

from app.domain import errors
from app.domain.actor import Actor, Scope
from app.domain.credentials.credential import CredentialDraft
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, credentials, providers
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.presets.local_servers_state import LocalServers, Near
from app.ui.presses import Presses
from app.ui.probe.batches import Batches
from app.ui.session import current_user
from app.ui.session.notices import Notices
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import MODELS, Upstream
from tests.ui.state.every_handler import calling, handlers, is_asked, kinds, services

FIRST, SECOND, THIRD = "sk-planted-first-5d1e9c77a0b3", "sk-planted-second-8e2f9c77a0b3", "sk-planted-third-1c2d3e4f5a6b"
# Flags that a failed handler may turn on: they say what is wrong, or what is asked next.
MAY_TURN_ON = {"gone", "replacing", "loaded", "doubting"}
PAGE = "/providers/lab"
NEW = {"label": "New", "auth_type": "none", "base_url": "http://127.0.0.1:9/v1"}
REPLACING: list[tuple[Any, ...]] = [("Rotating.begin", "<spare>")]
ROTATED: list[tuple[Any, ...]] = [("Rotating.begin", "<key>"), ("Rotating.submit", {"secret.api_key": SECOND})]
WIZARD: list[tuple[Any, ...]] = [("wizard at", "provider=lab&step=test"), ("Submission.pick", MODELS[0])]
# What a page fires before a handler can come to its service, and what it gives to the handler. Names in angle brackets are ids of the
# world. A handler that is not here gets values by the names of its arguments, and nothing before it.
BEFORE: dict[str, list[tuple[Any, ...]]] = {
    "Batches.start": [("Batches.open_providers",)],
    "Batches.apply": [("Batches.open_providers",), ("rows pass",), ("Batches.ask", "off")],
    "ClientKeys.issue": [("ClientKeys.add",)],
    "ClientKeys.save": [("ClientKeys.load",), ("ClientKeys.edit", "<app key>")],
    "ClientKeys.revoke": [("ClientKeys.load",), ("ClientKeys.ask_revoke", "<app key>")],
    "Duplicating.submit": [("Duplicating.ask", "lab")],
    "FirstAnswer.ask": [("wizard at", "provider=lab&step=answer")],
    "FirstKey.issue": [("wizard at", "provider=lab&step=app")],
    "FirstKey.look": [("wizard at", "provider=lab&step=app&key=<app key>")],
    "KeyForm.submit": [("KeyForm.add",)],
    "KeyForm.save": [("KeyForm.edit", "<key>")],
    "Probing.test_as": [("Trial.open_", "<provider>", "lab", "Lab", "")],
    "Pasting.submit": [("Pasting.open",)],
    "People.create": [("People.open_form",)],
    "ProviderForm.reload": [("ProviderForm.edit", "lab")],
    "ProviderKeys.remove": [("ProviderKeys.ask_remove", "<key>")],
    "NextDefault.confirm": [("NextDefault.ask", "lab")],
    "Trash.purge": [("Trash.load",), ("Trash.ask", "<trashed>")],
    "Account.change": [("Account.ask",)],
    "ProviderPage.list_found": [("found",)],
    "ProviderPage.delete": [("ProviderPage.ask_delete",)],
    "ProviderPage.show_older": [("ProviderPage.choose_tab", "history")],
    "Providers.ask_delete": [("Providers.load",)],
    "Providers.delete": [("Providers.load",), ("Providers.ask_delete", "<provider>")],
    "Providers.switch": [("Providers.load",)],
    "Rotating.submit": REPLACING,
    "Rotating.ask_promote": [
        ("Rotating.begin", "<key>"),
        ("Rotating.submit", {"secret.api_key": SECOND}),
        ("Rotating.go_on",),
    ],
    "Rotating.promote": [("Rotating.begin", "<key>"), ("Rotating.submit", {"secret.api_key": SECOND}), ("Rotating.go_on",)],
    "Rotating.cancel": [("Rotating.begin", "<key>"), ("Rotating.submit", {"secret.api_key": SECOND})],
    "Routes.choose_app": [("Routes.load",), ("Routes.ask", {"selector": "lab"})],
    "Routes.follow": [("Routes.ask", {"selector": "lab"})],
    "Submission.finish": [("ProviderForm.add", ""), ("ProviderForm.choose", "custom"), ("Submission.submit", NEW | {"intent": "save"})],
    "Submission.submit": [("ProviderForm.add", ""), ("ProviderForm.choose", "custom")],
    "Submission.submit, test": [("ProviderForm.add", ""), ("ProviderForm.choose", "custom")],
    "Submission.submit, edit": [("ProviderForm.edit", "lab")],
    "Submission.submit, test edit": [("ProviderForm.edit", "lab")],
    "Wizard.connect": [("wizard at", "preset=custom&step=connect")],
    "Wizard.load": [("wizard at", "provider=lab&step=test")],
    "Wizard.take_found": [("near",)],
    "Wizard.test": WIZARD,
    "Wizard.edit": WIZARD,
    "Wizard.repair": WIZARD,
    "Wizard.back_to_test": WIZARD,
    "Wizard.use_model": WIZARD,
}
GIVEN: dict[str, dict[str, Any]] = {
    "Account.change": {"form": {"old_password": "correct horse battery staple", "new_password": "another horse and another staple"}},
    "ClientKeys.edit": {"key_id": "<app key>"},
    "ClientKeys.issue": {"form": {"name": "App", "expires_at": ""}},
    "ClientKeys.save": {"form": {"name": "App", "expires_at": ""}},
    "KeyForm.submit": {"form": {"secret.keys": "sk-more-5d1e9c77a0b3"}},
    "Pasting.submit": {"form": {"secret.text": "OPENAI_API_KEY=sk-proj-0123456789abcdefghij", "intent": "look"}},
    "People.create": {"form": {"email": "grace@example.org", "name": "Grace", "password": "correct horse battery staple"}},
    "ProviderKeys.put": {"state": "standby"},
    "ProviderKeys.move": {"key_id": "<key>", "up": False},
    "Rotating.submit": {"form": {"secret.api_key": SECOND}},
    "Rotating.begin": {"key_id": "<spare>"},
    "Routes.choose_app": {"key_id": "<app key>"},
    "Submission.submit": {"form": NEW | {"intent": "save"}},
    "Submission.submit, test": {"form": NEW | {"intent": "test"}},
    "Submission.submit, edit": {"form": NEW | {"intent": "save", "auth_type": "api_key", "secret.api_key": FIRST}},
    "Submission.submit, test edit": {"form": NEW | {"intent": "test", "auth_type": "api_key", "secret.api_key": FIRST}},
    "Wizard.connect": {"form": NEW},
    "Wizard.take_found": {"base_url": "http://127.0.0.1:9/v1"},
}
USUAL: dict[str, Any] = {
    "name": "lab", "label": "Lab", "preset": "", "provider_id": "<provider>", "key_id": "<key>", "credential_id": "<key>", "user_id": "x",
    "up": True, "on": False, "tab": "overview", "selector": "lab", "group": "all", "period": "week", "by": "model", "form": {},
}  # fmt: skip
# Told in another way than by a notice or a sentence in the dialog: the page says that it is gone, or begins at its first step.
SHOWN_OTHERWISE = {
    ("ProviderPage", errors.UnknownProvider),
    ("Wizard.load", errors.UnknownProvider),
    ("FirstKey.look", errors.UnknownClientKey),
    ("ProviderKeys", errors.UnknownProvider),
}


def every_error() -> list[errors.PatchbayError]:
    """One of each class."""

    def tree(kind: type[errors.PatchbayError]) -> Iterator[type[errors.PatchbayError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from tree(child)

    plain = [kind for kind in tree(errors.PatchbayError) if kind.__module__ == errors.__name__]
    return [kind({"label": "no"}) if issubclass(kind, errors.InvalidDraft) else kind("No. Do this.") for kind in plain]


@pytest.fixture
async def world(tab: Any, house: Upstream, actor: Actor) -> dict[str, str]:
    """One of everything, and the ids."""
    body = {"name": "lab", "label": "Lab", "base_url": house.base_url, "default_model": MODELS[0], "models": MODELS}
    made = await providers.create(
        actor, ProviderDraft.model_validate(body | {"credential": {"label": "Main", "secret": {"api_key": FIRST}}, "preset": None})
    )
    spare = await credentials.add(actor, "lab", CredentialDraft.model_validate({"label": "Spare", "secret": {"api_key": THIRD}}))
    old = await providers.create(actor, ProviderDraft(name="old", label="Old", base_url=house.base_url, auth_type="none"))
    await providers.delete(actor, "old")
    app = await client_keys.issue(actor, "App", Scope.GATEWAY)
    return {
        "<provider>": made.id,
        "<key>": made.credentials[0].id,
        "<spare>": spare.id,
        "<trashed>": old.id,
        "<app key>": app.client_key.id,
    }


async def tab_at(tab: Any, address: str) -> None:
    """The tab shows the page at an address."""
    path = address.partition("?")[0]
    known = {"pathname": path, "asPath": address, "query": {}, "headers": tab.root.router_data["headers"]}
    tab.root.router = RouterData.from_router_data(known)


async def prepare(tab: Any, step: tuple[Any, ...], world: dict[str, str]) -> None:
    """One thing that a page does, or finds, before."""
    match step:
        case ("wizard at", query):
            await tab_at(tab, f"/start?{filled(query, world)}")
            await tab.fire(handlers()["Wizard.load"])
        case ("rows pass",):
            table = await tab.state(Batches)
            table.rows = [row.__class__(row.key, row.title, state="failed") for row in table.rows]
        case ("found",):
            (await tab.state(ProviderPage))._found = ["iris"]
        case ("near",):
            near = await tab.state(LocalServers)
            near.servers = [Near("http://127.0.0.1:9/v1", "127.0.0.1:9", "", "Local", 1, "", "", "L", "iris")]
        case (name, *arguments):
            await tab.fire(handlers()[name], *[filled(argument, world) for argument in arguments])


def filled(value: Any, world: dict[str, str]) -> Any:
    for name, known in world.items():
        value = value.replace(name, known) if isinstance(value, str) else value
    return dict(value) if isinstance(value, dict) else value


def arguments_of(way: str, handler: Any, world: dict[str, str]) -> list[Any]:
    """What the page gives to a handler."""
    names = list(inspect.signature(handler.fn).parameters)[1:]
    return [filled(({**USUAL, **GIVEN.get(way, {})}).get(name, ""), world) for name in names]


def asked_for() -> list[tuple[ModuleType, str, bool]]:
    """(service, name, whether it answers step by step) of every function that reads, changes or calls something."""
    return [
        (module, name, inspect.isasyncgenfunction(found))
        for module in services().values()
        for name, found in vars(module).items()
        if is_asked(found)
    ]


class Asked:
    """Stands in for every service: raises what it is told to, and knows whether it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error, self.was = error, False

    def in_place_of(self, patch: pytest.MonkeyPatch, functions: list[tuple[ModuleType, str, bool]]) -> None:
        for module, name, is_stepwise in functions:
            patch.setattr(module, name, self._stepwise if is_stepwise else self._whole)

    async def _whole(self, *_: Any, **__: Any) -> Any:
        self.was = True
        raise self.error

    async def _stepwise(self, *_: Any, **__: Any) -> Any:
        self.was = True
        raise self.error
        yield


def told(root: Any) -> dict[str, Any]:
    """Every var that can hold a sentence about what is wrong, and the number of notices."""
    found = {}
    for state in states(root):
        for name in ("problem", "wrong", "errors", "stale", "seq", "gone"):
            if name in type(state).vars:
                found[f"{type(state).__name__}.{name}"] = getattr(state, name)
    return found


def running(root: Any) -> set[str]:
    """What the page shows as under way."""
    found = set()
    for state in states(root):
        for name in type(state).base_vars:
            value = getattr(state, name)
            if value is True and name not in MAY_TURN_ON:
                found.add(f"{type(state).__name__}.{name}")
            if name == "stage" and value == "running":
                found.add("Batches.stage")
            if name == "runs":
                found |= {f"Probing.runs.{place}" for place, run in value.items() if not run.outcome}
    return found


def kept(root: Any) -> list[tuple[Any, dict[str, Any]]]:
    """What every state of ours holds."""
    inherited = rx.State.get_fields()
    return [(s, {name: deepcopy(getattr(s, name)) for name in type(s).get_fields() if name not in inherited}) for s in states(root)]


def put_back(ready: list[tuple[Any, dict[str, Any]]]) -> None:
    """Every state as it was."""
    for state, held in ready:
        for name, value in held.items():
            if getattr(state, name) is not value:
                setattr(state, name, deepcopy(value))


def states(root: Any) -> Iterator[Any]:
    for kind in kinds(type(root)):
        if kind.__module__.startswith("app."):
            state = root
            for part in kind.get_full_name().split(".")[1:]:
                state = state.substates[part]
            yield state


WAYS = sorted(calling() | {way for way in BEFORE if ", " in way})
GROUPS = sorted({way.partition(".")[0] for way in WAYS})


def test_a_page_brings_every_handler_that_calls_a_service_there_by_a_way_of_this_file() -> None:
    assert {way.partition(",")[0] for way in WAYS} == calling()
    assert len(calling()) > 70
    assert set(GIVEN) | set(BEFORE) <= set(WAYS), "of a handler that is gone, or calls nothing any more"


@only_sqlite
@pytest.mark.parametrize("group", GROUPS)
async def test_nothing_stays_busy_and_the_reader_is_told(
    tab: Any, world: dict[str, str], group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, fresh, functions, wrong = await current_user.session(tab.root), kept(tab.root), asked_for(), []
    for way in [way for way in WAYS if way.startswith(f"{group}.")]:
        put_back(fresh)
        await tab_at(tab, PAGE)
        await prepare(tab, ("ProviderPage.load",), world)
        for step in BEFORE.get(way, []):
            await prepare(tab, step, world)
        ready = kept(tab.root)
        with monkeypatch.context() as patch:
            patch.setattr(
                current_user, "session", lambda _: _given(mine)
            )  # who acts is looked up hundreds of times, and not what this is about
            for error in [*every_error(), RuntimeError("nobody foresaw this")]:
                put_back(ready)
                wrong += [f"{way}, {type(error).__name__}: {found}" for found in await found_wrong(tab, way, error, world, functions)]
    assert not wrong, "\n".join(wrong)


async def found_wrong(
    tab: Any, way: str, error: Exception, world: dict[str, str], functions: list[tuple[ModuleType, str, bool]]
) -> list[str]:
    """What is wrong after a handler met an error."""
    name = way.partition(",")[0]
    handler, asked, wrong = handlers()[name], Asked(error), []
    before, was_running = told(tab.root), running(tab.root)
    with pytest.MonkeyPatch.context() as patch:
        asked.in_place_of(patch, functions)
        try:
            await tab.fire(handler, *arguments_of(way, handler, world))
        except RuntimeError as found:
            assert found is error
    if not asked.was:
        wrong.append("no service was asked")
    if more := running(tab.root) - was_running:
        wrong.append(f"still under way: {sorted(more)}")
    is_shown = any(name.startswith(start) and isinstance(error, kind) for start, kind in SHOWN_OTHERWISE)
    if told(tab.root) == before and not isinstance(error, RuntimeError) and not is_shown:
        wrong.append("nobody is told")
    if not is_quiet(handler) and not await has_ended(tab, handler, name):
        wrong.append("the browser does not hear that it ended")
    return wrong


@only_sqlite
async def test_a_handler_that_calls_no_service_ends_well_and_says_so(tab: Any, world: dict[str, str]) -> None:
    """Fired with anything at all, as from a hand-written event."""
    for name, handler in handlers().items():
        if name in calling():
            continue
        await tab.fire(handler, *arguments_of(name, handler, world))
        assert is_quiet(handler) or await has_ended(tab, handler, name), name
    assert (await tab.state(Notices)).seq <= 1  # the handler that says that something went wrong is one of them


def is_quiet(handler: Any) -> bool:
    return getattr(handler.fn, "__rx_quiet__", False)


async def has_ended(tab: Any, handler: Any, name: str) -> bool:
    ended = (await tab.state(Presses)).ended
    return bool(ended) and ended[-1].endswith(f" {handler.state_full_name}.{name.partition('.')[2]}")


async def _given(session: Any) -> Any:
    return session
