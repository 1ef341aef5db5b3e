"""Whether a provider's own list of models has a model, in the spellings that providers take for one."""

from collections.abc import Iterable

from app.domain.probes.probe import ProbeResult, StepName


def is_listed(model: str, listed: Iterable[str]) -> bool:
    """Lists write a prefix that calls may leave out (`models/…`), or a tag that is the usual one (`:latest`); calls may add a variant
    behind a colon (`:nitro`) that no list has.

    >>> is_listed("gemini-2.5-flash", ["models/gemini-2.5-flash"])
    True
    >>> is_listed("qwen3:70b", ["qwen3:latest"])
    False
    """
    wanted = model.casefold()
    base, colon, _ = wanted.rpartition(":")
    names = {wanted, f"{wanted}:latest"} | ({base} if colon else set())
    return any((name := one.casefold()) in names or name.rpartition("/")[2] == wanted for one in listed)


def default_is_listed(default: str | None, result: ProbeResult | None) -> bool | None:
    """Whether the provider, when it was tested last, listed its default model. None = nobody knows, or the model has answered itself."""
    if not default or result is None or not result.models:
        return None
    has_answered = result.ok and result.model == default and {StepName.CHAT, StepName.STREAM} & set(result.proven)
    return None if has_answered else is_listed(default, result.models)
