"""Why a field was not accepted, as a text that knows its code."""

from collections.abc import Mapping


class Reason(str):
    """One English sentence for a field, with the code and the values by which a page says it in the reader's language.

    >>> Reason("too_short", "Use at least {least} characters.", least=12)
    'Use at least 12 characters.'
    """

    code: str
    values: Mapping[str, object]

    def __new__(cls, code: str, sentence: str, **values: object) -> "Reason":
        written = {name: f"{value:,}" if type(value) is int else value for name, value in values.items()}
        reason = super().__new__(cls, sentence.format(**written))
        reason.code, reason.values = code, values
        return reason
