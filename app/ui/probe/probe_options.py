"""How far a test goes and whom it asks: two fields beside the Test button, in the provider form and, for a saved one, in a dialog."""

from dataclasses import dataclass
from typing import cast, get_args

import reflex as rx

from app.domain.actor import Role
from app.domain.errors import InvalidDraft, Reason
from app.domain.probes.probe import Depth
from app.domain.record import LONGEST_IDENTIFIER
from app.services import probes
from app.services.probes import Choice
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets.gallery import preset_of
from app.ui.session.current_user import actor
from app.ui.session.notices import answered

MOST = 300
TRY = dialogs.kind("test in another way")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model that may be asked. `group`: recommended, listed or offered."""

    model: str
    group: str


class Trial(rx.State):
    """The saved provider for which the dialog stands open."""

    id: str = ""
    name: str = ""
    label: str = ""
    preset: str = ""
    models: list[Suggestion] = []

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def open_(self, provider_id: str, name: str, label: str, preset: str) -> None:
        """Open the dialog for a saved provider."""
        self.models = suggestions(await probes.choices(await actor(self), name))
        self.id, self.name, self.label, self.preset = provider_id, name, label, preset
        await dialogs.open_(self, TRY, provider_id, again=Trial.open_(provider_id, name, label, preset))


def suggestions(found: list[Choice]) -> list[Suggestion]:
    """As many as a list can show."""
    return [Suggestion(c.model, c.group) for c in found[:MOST]]


def of_draft(models: list[str], preset: str) -> list[Suggestion]:
    """What a vendor recommends and what a test found, the recommended first."""
    known = preset_of(preset)
    recommended = [m for m in (known.test_models if known else []) if m in models or not models]
    return suggestions(probes.ranked(recommended, known.models if known and not models else [], models))


def chosen(form: dict[str, str]) -> tuple[Depth, str | None]:
    """What stands in the two fields: how far, and which model (None = the test chooses). Raises `InvalidDraft`."""
    depth, model = form.get("depth", ""), form.get("test_model", "").strip()
    if len(model) > LONGEST_IDENTIFIER:
        raise InvalidDraft({"test_model": Reason("too_long", "Use at most {most} characters.", most=LONGEST_IDENTIFIER)})
    return cast("Depth", depth if depth in get_args(Depth) else "chat"), model or None
