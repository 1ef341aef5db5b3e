"""Which models a test may talk to, the likely ones first."""

from dataclasses import dataclass
from typing import Literal

from app import presets
from app.domain.actor import Actor
from app.services.probes import results
from app.storage import models, probes
from app.storage.database import engine

Group = Literal["recommended", "listed", "offered"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A model to ask. `group`: recommended for tests, listed here, or offered by the provider when it was tested last."""

    model: str
    group: Group


async def choices(actor: Actor, name: str) -> list[Choice]:
    """The models of a saved provider: recommended, then listed here, then what else it offers, its newest first. No call is made.

    Raises `UnknownProvider`.
    """
    actor.must_view()
    async with engine.session() as session:
        row, _ = await results.stored(session, name)
        listed = [m.identifier for m in await models.of_provider(session, row.id)]
        probe = (await probes.of_providers(session, [row.id])).get(row.id)
    offered = probes.record(probe).result.models if probe else []
    preset = presets.find(row.preset)
    known = {*listed, *offered} or set(preset.models if preset else ())
    return ranked([m for m in (preset.test_models if preset else ()) if m in known], listed, offered)


def ranked(recommended: list[str], listed: list[str], offered: list[str]) -> list[Choice]:
    """Each model once, in the best group it is in."""
    found: dict[str, Choice] = {}
    groups: list[tuple[Group, list[str]]] = [("recommended", recommended), ("listed", listed), ("offered", offered)]
    for group, models_ in groups:
        for model in models_:
            found.setdefault(model, Choice(model, group))
    return list(found.values())
