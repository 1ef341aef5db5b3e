"""Whole numbers as people type them into a form."""

from app.domain.errors import InvalidDraft, Reason


def whole(text: str, field: str, *, most: int) -> int:
    """What was typed, 0 for an empty field. Raises `InvalidDraft` for `field`."""
    typed = text.strip()
    if not typed:
        return 0
    if not (typed.isdecimal() and len(typed) <= len(str(most)) and int(typed) <= most):
        raise InvalidDraft({field: Reason("number_between", "Enter a whole number between 0 and {most}.", most=most)})
    return int(typed)
