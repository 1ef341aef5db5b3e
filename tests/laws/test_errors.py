"""Every domain error is answered at each of the three edges: a status over REST, an OpenAI body at the gateway, words in the UI."""

import re
from collections.abc import Iterator
from pathlib import Path

from app.api import errors as api_errors
from app.domain import errors
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
            ("api", kind in api_errors.STATUS),
            ("gateway", kind in gateway_errors.ANSWERS),
            ("ui", f"error.{kind.code}" in i18n.keys()),  # noqa: SIM118 - a function, not a mapping
        )
        if not known
    ]


def test_every_error_is_answered_at_each_edge() -> None:
    assert unmapped(list(tree())) == []


def test_a_new_error_without_an_answer_is_caught() -> None:
    planted = type("Planted", (Exception,), {"code": "planted_code"})

    assert unmapped([planted]) == ["api:Planted", "gateway:Planted", "ui:Planted"]  # type: ignore[list-item]


def test_codes_are_unique_but_for_the_roots_that_share_one() -> None:
    codes = [kind.code for kind in tree() if kind.code != "upstream_failed"]

    assert len(codes) == len(set(codes))


# The test of a provider and the auth types still write and read the words.
_WORDS = re.compile(r"""details=\{[^}]*"kind": "|details\.get\("kind"\)|error\.details\["kind"\]""")
_WRITTEN_AS_WORDS = ("probe/", "upstream/auth/", "domain/error_base.py")


def test_the_kind_of_an_error_is_one_of_a_closed_set() -> None:
    files = [file for file in APP.rglob("*.py") if not file.relative_to(APP).as_posix().startswith(_WRITTEN_AS_WORDS)]

    assert [file.name for file in files if _WORDS.search(file.read_text("utf-8"))] == []
