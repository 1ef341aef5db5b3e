"""The pages of the documentation that are made from the code: `python -m app.api.openapi.reference` writes them into `docs/`."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from app.api.openapi import document
from app.api.openapi.breaking import breaking, unnamed
from app.domain.errors import ErrorCode, UpstreamError

DOCS = Path(__file__).parents[3] / "docs"
_INTRODUCTION = """\
<!-- Written by `make docs` from app/domain/error_code.py. -->
# Errors of the REST interface

Every answer under `/api/v1` that is not a success has one body:

```json
{
  "error": {
    "code": "invalid",
    "message": "This field is required.",
    "details": {"errors": [{"field": "models.3.identifier", "code": "required", "message": "This field is required."}]},
    "field": "models.3.identifier",
    "suggestions": []
  },
  "timestamp": "2026-12-05T14:30:00Z",
  "requestId": "5f0c1e7a9b3d2468"
}
```

Programs go by `code`, and by the status for a code they do not know: new ones can be added. `message` is for people. `details.errors` lists
every fault of the input; its `field` is a dotted path, null where it is the body. What was sent is never repeated. Codes of faults are
`required`, `unknown_field`, `wrong_type`, `wrong_form`, `too_short`, `too_long`, `out_of_range`, `not_a_choice`, `time_form`,
`invalid`, and rules of one field such as `name_reserved`. `requestId` is also in the `x-request-id` header and in the server log.

"Retry" says whether the same request may succeed later without a change; wait for the seconds of `Retry-After` where it is sent.
"""
_UPSTREAM = """
## Errors of providers

When a provider is called for you: `POST /chat`, tests, and `fetch-token`. A test tells them in its result, whose status is 200.
"""
_HEAD = "\n| Code | Status | Meaning | What to do | Retry |\n|---|---|---|---|---|\n"


def errors_page() -> str:
    """docs/errors.md."""
    upstream = {*_codes(UpstreamError)}
    own = [code for code in ErrorCode if code not in upstream]
    return _INTRODUCTION + _table(own) + _UPSTREAM + _table(code for code in ErrorCode if code in upstream)


def openapi_text() -> str:
    """docs/openapi.json."""
    from app.api import application

    return json.dumps(document.document(application.make_fastapi()), indent=1, ensure_ascii=False) + "\n"


FILES: Mapping[str, Callable[[], str]] = {"errors.md": errors_page, "openapi.json": openapi_text}


def taken_away(folder: Path, changelog: str) -> list[str]:
    """What clients of the document in `folder` would miss without having been told in the changelog."""
    file = folder / "openapi.json"
    old = json.loads(file.read_text("utf-8")) if file.is_file() else None
    return unnamed(breaking(old, json.loads(openapi_text())), changelog) if old else []


def write(folder: Path, changelog: str = "") -> None:
    """Write every page anew. Ends the program where the changelog does not name what is taken away."""
    if missing := taken_away(folder, changelog):
        sys.exit(f"Name what is taken away in CHANGELOG.md, each in backquotes: {', '.join(missing)}")
    for name, page in FILES.items():
        (folder / name).write_text(page(), "utf-8")


def _table(codes: Iterable[ErrorCode]) -> str:
    rows = sorted(codes, key=lambda code: code.status)
    return _HEAD + "".join(
        f"| `{code}` | {code.status} | {code.meaning} | {code.remedy} | {'yes' if code.retry else 'no'} |\n" for code in rows
    )


def _codes(kind: type[UpstreamError]) -> Iterator[ErrorCode]:
    yield kind.code
    for child in kind.__subclasses__():
        yield from _codes(child)


if __name__ == "__main__":
    write(DOCS, (DOCS.parent / "CHANGELOG.md").read_text("utf-8"))
