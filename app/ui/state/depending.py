"""What a person is told before a provider is deleted."""

from app.domain.actor import Actor
from app.services import providers
from app.ui import words

_NAMED = 5


async def warning(who: Actor, name: str, language: str) -> str:
    """Which aliases lead to a provider, in a sentence or two; "" where none does."""
    found = (await providers.dependants(who, name)).aliases
    alone = [alias.name for alias in found if not alias.has_others]
    shared = [alias.name for alias in found if alias.has_others]
    told = [
        words.say(language, key, names=_listed(names, language))
        for key, names in (("delete.alias_alone", alone), ("delete.alias_shared", shared))
        if names
    ]
    return " ".join(told)


def _listed(names: list[str], language: str) -> str:
    shown = words.say(language, "common.comma").join(names[:_NAMED])
    return f"{shown} …" if len(names) > _NAMED else shown
