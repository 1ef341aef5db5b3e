"""Which providers do differently than a moment ago, as far as this process has read: what pages show of them changed, although
nothing of their configuration did."""

from collections.abc import Iterable

_turns: dict[str, int] = {}  # provider id → the turn it changed at last
_turn = 0


def publish(provider_ids: Iterable[str]) -> None:
    """These changed."""
    global _turn
    _turn += 1
    _turns.update(dict.fromkeys(provider_ids, _turn))


def cursor() -> int:
    """The newest turn: what is read afterwards holds everything up to it."""
    return _turn


def since(turn: int) -> set[str]:
    """Ids of the providers that changed after this turn."""
    return {provider_id for provider_id, changed in _turns.items() if changed > turn} if turn < _turn else set()
