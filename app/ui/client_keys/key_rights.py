"""What a key for an application may do, while its form is open: which providers, which models, how often, until when."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import InvalidDraft, Reason
from app.domain.people.people import ClientKey
from app.domain.record import MOST_PER_MINUTE
from app.services import client_keys
from app.ui.i18n import numbers
from app.ui.i18n.days import day_of, end_of
from app.ui.permission import requires
from app.ui.presses import choice
from app.ui.session.current_user import actor
from app.ui.session.notices import answered

ALL, SOME = "all", "some"
NEW_MODEL = "new_model"
_LONGEST, _MOST = 200, 1_000  # characters of a name, names
_CHOOSE = Reason("choose_one", "Choose at least one, or allow all.")


@dataclass(frozen=True, slots=True)
class Tick:
    """A provider that can be chosen."""

    name: str
    label: str
    on: bool


class KeyRights(rx.State):
    """`which_providers` and `which_models`: all or some. `seed` grows with each form, so that its fields are drawn anew."""

    seed: int = 0
    name: str = ""
    expires_at: str = ""
    per_minute: str = ""
    which_providers: str = ALL
    which_models: str = ALL
    providers: list[Tick] = []
    models: list[str] = []
    known: list[str] = []  # models to choose from; others can be typed
    typed: int = 0  # grows with each model that was added: empties its field
    _ends: datetime | None = None

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def choose_providers(self, which: str) -> None:
        """All, or those that are ticked."""
        self.which_providers = SOME if which == SOME else ALL

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def choose_models(self, which: str) -> None:
        """All, or those that are listed."""
        self.which_models = SOME if which == SOME else ALL

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def tick(self, name: str, on: bool) -> None:
        """Allow a provider, or no longer."""
        self.providers = [replace(tick, on=bool(on)) if tick.name == name else tick for tick in self.providers]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def add_model(self, form: dict[str, str]) -> None:
        """Allow a model that was chosen or typed."""
        for model in form.get(NEW_MODEL, "").replace(",", " ").split():
            if model not in self.models and model.isprintable() and len(self.models) < _MOST:
                self.models = [*self.models, model[:_LONGEST]]
        self.typed += 1

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @choice
    async def drop_model(self, model: str) -> None:
        """No longer allow a model."""
        self.models = [known for known in self.models if known != model]

    async def _open(self, key: ClientKey | None) -> None:
        """Show what a key may do now; None = a new one, which may do everything."""
        labels, self.known = await client_keys.nameable(await actor(self))
        chosen = (key.providers if key else None) or []
        named = {**labels, **{name: name for name in chosen if name not in labels}}
        ticks = [Tick(name, label, name in chosen) for name, label in named.items()]
        self.providers = sorted(ticks, key=lambda tick: tick.label.casefold())
        self.models = list((key.models if key else None) or [])
        self.which_providers, self.which_models = (ALL if names is None else SOME for names in _lists(key))
        self.name, self._ends = (key.name, key.expires_at) if key else ("", None)
        self.per_minute = str(key.requests_per_minute) if key and key.requests_per_minute else ""
        self.expires_at, self.seed = day_of(self._ends), self.seed + 1

    def _chosen(self, form: dict[str, str], *, calls_models: bool) -> dict[str, Any]:
        """The form as fields of a key. Raises `InvalidDraft` for those that allow nothing."""
        day = form.get("expires_at", "").strip()
        # The same day again is the same time: one that was set over REST may lie within the day.
        ends = {"expires_at": end_of(day, was=self._ends)}
        if not calls_models:
            return ends
        providers = [tick.name for tick in self.providers if tick.on] if self.which_providers == SOME else None
        models = list(self.models) if self.which_models == SOME else None
        reasons: dict[str, str] = {}
        if providers == []:
            reasons["providers"] = _CHOOSE
        if models == []:
            reasons["models"] = _CHOOSE
        if reasons:
            raise InvalidDraft(reasons)
        often = numbers.whole(form.get("requests_per_minute", ""), "requests_per_minute", most=MOST_PER_MINUTE)
        return {**ends, "providers": providers, "models": models, "requests_per_minute": often}


def _lists(key: ClientKey | None) -> tuple[list[str] | None, list[str] | None]:
    return (key.providers, key.models) if key else (None, None)
