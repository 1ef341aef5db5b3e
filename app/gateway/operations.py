"""The addresses below `/v1` that are passed on to a provider, and what each of them takes."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.relay import multipart, request


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` lies below a provider's base URL. `takes_form`: a form with files is understood beside JSON. `is_open`: the answer may be
    sound, text, or events of a kind of its own."""

    path: str
    takes_form: bool = False
    is_open: bool = False

    def read(self, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> request.Request | multipart.Form:
        """What is asked for. Raises `InvalidDraft`."""
        if self.takes_form:
            kinds = [value for name, value in headers if name == b"content-type"]
            if len(kinds) == 1 and multipart.is_form(kinds[0]):
                return multipart.parse(body, kinds[0])
        return request.parse(body)


_OPERATIONS = (
    Operation("/chat/completions"),
    Operation("/embeddings"),
    Operation("/responses", is_open=True),
    Operation("/completions"),
    Operation("/moderations"),
    Operation("/rerank"),
    Operation("/images/generations", is_open=True),
    Operation("/images/edits", takes_form=True, is_open=True),
    Operation("/images/variations", takes_form=True),
    Operation("/audio/speech", is_open=True),
    Operation("/audio/transcriptions", takes_form=True, is_open=True),
    Operation("/audio/translations", takes_form=True, is_open=True),
)
# By the whole path of a request.
OPERATIONS = {f"/v1{operation.path}": operation for operation in _OPERATIONS}
