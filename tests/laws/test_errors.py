"""Every domain error is answered at each of the three edges: a status over REST, an OpenAI body at the gateway, words in the UI."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain import errors
from app.domain.error_code import ErrorCode
from app.gateway import errors as gateway_errors
from app.ui import i18n

APP = Path(__file__).parents[2] / "app"


def tree(root: type[errors.PatchbayError] = errors.PatchbayError) -> Iterator[type[errors.PatchbayError]]:
    """The root and everything below it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def unmapped(kinds: list[type[errors.PatchbayError]]) -> list[str]:
    """Errors that an edge would not know how to answer, as edge:class."""
    return [
        f"{edge}:{kind.__name__}"
        for kind in kinds
        for edge, known in (
            ("api", isinstance(kind.code, ErrorCode)),
            ("gateway", kind in gateway_errors.ANSWERS),
            ("ui", i18n.has(f"error.{kind.code}")),
        )
        if not known
    ]


def test_every_error_is_answered_at_each_edge() -> None:
    assert unmapped(list(tree())) == []


def test_a_new_error_without_an_answer_is_caught() -> None:
    planted = type("Planted", (Exception,), {"code": "planted_code"})

    assert unmapped([planted]) == ["api:Planted", "gateway:Planted", "ui:Planted"]  # type: ignore[list-item]


def test_codes_are_unique_but_for_the_roots_that_share_one() -> None:
    codes = [kind.code for kind in tree() if kind.code is not getattr(kind.__base__, "code", None)]

    assert len(codes) == len(set(codes))


# Written as a text, or read past the property that knows the closed set.
_WORDS = re.compile(r"""details=\{[^}]*"(kind|reason|limit)": f?"|details\.get\("(kind|reason|limit)"\)|details\["(kind|reason|limit)"\]""")
_READ_THERE = ("domain/error_base.py", "domain/error_upstream.py", "domain/errors.py")


def written_as_words(root: Path) -> list[str]:
    """Files that write or read the kind, the reason or the limit of an error as a text."""
    files = [file for file in root.rglob("*.py") if file.relative_to(root).as_posix() not in _READ_THERE]
    return [file.name for file in files if _WORDS.search(file.read_text("utf-8"))]


def test_kind_reason_and_limit_of_an_error_are_of_closed_sets() -> None:
    assert written_as_words(APP) == []


@pytest.mark.parametrize("line", ['NoCredential("x", details={"kind": "token"})', 'error.details.get("limit")', 'error.details["reason"]'])
def test_a_planted_word_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "planted.py").write_text(line, "utf-8")

    assert written_as_words(tmp_path) == ["planted.py"]
