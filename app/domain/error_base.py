"""What every error of ours carries. The tree of errors: `domain.errors`, which is where to import this from."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from app.domain.error_code import ErrorCode
from app.domain.error_kind import ErrorKind, member


class PatchbayError(Exception):
    """Base. `message` is one English sentence that says what happened and what to do; it never holds a secret."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_ERROR

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        suggestions: Sequence[str] = (),
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.suggestions = tuple(suggestions)
        self.details = dict(details or {})

    @property
    def kind(self) -> ErrorKind | None:
        """Which of its kind it is, None where the class says it all."""
        return member(ErrorKind, self.details.get("kind"))
