"""Where a selector leads, in this tab: asked by hand, and followed from then on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from app.domain.actor import Scope
from app.domain.providers.explanation import Chosen, Explanation, KeyStep, Skip, TargetStep
from app.services import client_keys, routes
from app.ui import i18n
from app.ui.kit import url_query
from app.ui.presses import quiet
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language

_LONGEST = 260


@dataclass(frozen=True, slots=True)
class App:
    """A key for apps that may call models."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RouteKey:
    """A provider's key. `percent` of the calls begin with it now; `skipped` is why it is passed over ("" = it is not), `until` ISO 8601."""

    label: str
    percent: int
    skipped: str
    until: str


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """A model that may answer. `place` counts the priorities from 1: those of one place share the calls. `status` of its provider, and
    what speaks against an answer; "" and none where it is passed over."""

    provider: str
    label: str
    model: str
    place: int
    percent: int
    skipped: str
    until: str
    needs_key: bool
    key_steps: list[RouteKey]
    status: str
    concerns: list[str]


class Routes(rx.State):
    """`asked` = there is something to show. `refused` is why the key for apps is turned away, `error` why nobody would answer. `outlook` is
    what will probably become of the call; `next_provider` and `next_model` are where it goes on to, "" where it does not."""

    selector: str = ""
    wrong: str = ""
    ticket: int = 0
    client_key: str = ""
    apps: list[App] = []
    asked: bool = False
    kind: str = ""
    notes: list[str] = []
    refused: str = ""
    targets: list[RouteTarget] = []
    provider: str = ""
    model: str = ""
    key: str = ""
    outlook: str = ""
    next_provider: str = ""
    next_model: str = ""
    error: str = ""
    suggestions: list[str] = []

    @rx.var
    def query(self) -> str:
        """What was asked, and as whom, for the address."""
        return url_query.query(model=(self.selector if self.asked else None, None), app=(self.client_key, ""))

    @rx.event
    @answered
    async def load(self) -> None:
        """Who may call, and what the address asks."""
        asked = url_query.asked(self)
        self.asked, self.wrong, self.client_key = "model" in asked, "", asked.get("app", "")
        if (selector := asked.get("model", "")[:_LONGEST]) != self.selector:
            self.selector, self.ticket = selector, self.ticket + 1
        found = await client_keys.list_(await actor(self))
        self.apps = [App(key.id, key.name) for key in found if key.scope is Scope.GATEWAY and key.revoked_at is None]
        if self.client_key not in {app.id for app in self.apps}:
            self.client_key = ""
        await self._explain()

    @rx.event
    @answered
    async def ask(self, form: dict[str, Any]) -> None:
        """Explain what was typed. Nothing typed means the default."""
        selector = str(form.get("selector", "")).strip()
        self.wrong = i18n.say(await language(self), "reason.too_long", most=_LONGEST) if len(selector) > _LONGEST else ""
        if not self.wrong:
            self.selector = selector
            await self._explain(now=True)

    @rx.event
    @answered
    async def take(self, selector: str) -> None:
        """Explain a name that was offered."""
        self.selector, self.ticket = selector[:_LONGEST], self.ticket + 1
        await self._explain(now=True)

    @rx.event
    @answered
    async def choose_app(self, key_id: str) -> None:
        """As whom; "" = nobody in particular."""
        self.client_key = key_id if key_id in {app.id for app in self.apps} else ""
        await self._explain()

    @rx.event
    @answered
    @quiet
    async def follow(self) -> None:
        """Look again; what is the same is not sent."""
        await self._explain()

    async def _explain(self, *, now: bool = False) -> None:
        if not (self.asked or now):
            return
        found = await routes.explain(await actor(self), self.selector, client_key_id=self.client_key or None)
        self.asked = True
        targets = _targets(found)
        if targets != self.targets:
            self.targets = targets
        self.kind, self.notes = found.kind, [note.code.value for note in found.notes]
        self.refused = _code(found.refused)
        chosen, error = found.chosen, found.error
        self.provider, self.model = _named(targets, chosen)
        self.key, self.outlook = chosen.key_label if chosen else "", found.outlook or ""
        self.next_provider, self.next_model = _named(targets, found.fallback)
        self.error, self.suggestions = (error.code, list(error.suggestions)) if error else ("", [])


def _named(targets: Sequence[RouteTarget], chosen: Chosen | None) -> tuple[str, str]:
    """What the provider is called, and the model."""
    if chosen is None:
        return "", ""
    return next((t.label or t.provider for t in targets if t.provider == chosen.provider), chosen.provider), chosen.model


def _targets(found: Explanation) -> list[RouteTarget]:
    places = {priority: place for place, priority in enumerate(sorted({step.priority for step in found.targets}), 1)}
    return [_target(step, places[step.priority]) for step in found.targets]


def _target(step: TargetStep, place: int) -> RouteTarget:
    return RouteTarget(
        provider=step.provider, label=step.provider_label, model=step.model, place=place, percent=_percent(step.share),
        skipped=_code(step.skipped), until=_until(step.skipped), needs_key=step.needs_key, key_steps=_keys(step.keys),
        status=step.status or "", concerns=[concern.code.value for concern in step.concerns],
    )  # fmt: skip


def _keys(steps: Sequence[KeyStep]) -> list[RouteKey]:
    return [RouteKey(step.label, _percent(step.share), _code(step.skipped), _until(step.skipped)) for step in steps]


def _percent(share: float) -> int:
    return round(share * 100)


def _code(reason: Skip | None) -> str:
    return reason.code.value if reason else ""


def _until(reason: Skip | None) -> str:
    return reason.until.isoformat() if reason and reason.until else ""
