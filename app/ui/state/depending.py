"""What a person is told before a provider is deleted."""

from dataclasses import dataclass

from app.domain.actor import Actor
from app.services import providers
from app.ui import words

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Warned:
    """What a deletion touches, "" where it touches nothing; and the name to type first, "" where nothing would break."""

    told: str = ""
    to_type: str = ""

    def is_met_by(self, typed: str) -> bool:
        """Whether this is the name, or none is asked for."""
        return not self.to_type or typed.strip() == self.to_type


async def warning(who: Actor, name: str, language: str) -> Warned:
    """Aliases, applications and requests that need a provider, in a sentence each."""
    found = await providers.dependants(who, name)
    alone = [alias.name for alias in found.aliases if not alias.has_others]
    shared = [alias.name for alias in found.aliases if alias.has_others]
    told = [
        words.say(language, key, names=_listed(names, language))
        for key, names in (("delete.alias_alone", alone), ("delete.client_keys", found.client_keys), ("delete.alias_shared", shared))
        if names
    ]
    if found.requests_last_day:
        told.append(words.say(language, "delete.requests", count=found.requests_last_day))
    return Warned(" ".join(told), name if found.would_break else "")


def _listed(names: list[str], language: str) -> str:
    shown = words.say(language, "common.comma").join(names[:_NAMED])
    return f"{shown} …" if len(names) > _NAMED else shown
