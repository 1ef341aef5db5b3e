"""What calls use: tokens as providers report them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer; None = not reported. `tokens_cached` is a part of `tokens_in`."""

    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
