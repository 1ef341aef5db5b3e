"""What a person is told before a provider is deleted."""

from dataclasses import dataclass

from app.domain.actor import Actor
from app.services import providers
from app.ui import i18n
from app.ui.kit import dialogs

DELETE = dialogs.kind("delete a provider")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Warned:
    """What a deletion touches: names in a row ("" = none) and a number, which the page puts into words; and the name to type first,
    "" where nothing would break."""

    alone: str = ""  # aliases that lead nowhere else
    shared: str = ""  # aliases with other targets
    client_keys: str = ""  # keys for apps that may use nothing else
    requests: int = 0
    to_type: str = ""

    def is_met_by(self, typed: str) -> bool:
        """Whether this is the name, or none is asked for."""
        return not self.to_type or typed.strip() == self.to_type


async def warning(who: Actor, name: str, language: str) -> Warned:
    """Aliases, applications and requests that need a provider."""
    found = await providers.dependants(who, name)
    alone = [alias.name for alias in found.aliases if not alias.has_others]
    shared = [alias.name for alias in found.aliases if alias.has_others]
    return Warned(
        _listed(alone, language),
        _listed(shared, language),
        _listed(found.client_keys, language),
        found.requests_last_day,
        name if found.would_break else "",
    )


def _listed(names: list[str], language: str) -> str:
    shown = i18n.say(language, "common.comma").join(names[:_NAMED])
    return f"{shown} …" if len(names) > _NAMED else shown
