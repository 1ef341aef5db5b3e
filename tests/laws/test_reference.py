"""What the documentation says of errors is what the code says, and an answer has no code that is not in it."""

import ast
import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from app.api.openapi import comments, reference
from app.api.openapi.breaking import breaking, unnamed
from app.domain.error_code import ErrorCode
from tests.laws.test_errors import tree

ROOT = Path(__file__).parents[2]
# Where answers of REST are made: (callable, place of the code among its arguments).
ANSWERS = {"answer": 1, "unforeseen": 1, "Refusal": 0, "written": 1}


def outdated(folder: Path) -> list[str]:
    """Pages that are not what `make docs` would write."""
    return [name for name, page in reference.FILES.items() if (folder / name).read_text("utf-8") != page()]


def uncatalogued(sources: Iterable[str]) -> list[str]:
    """Codes that an error class declares or an answer is made with, as a text of their own instead of the catalogue's."""
    found: list[str] = []
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if len(args) > ANSWERS.get(name, 99):
                    given: ast.expr | None = args[ANSWERS[name]]
                case ast.ClassDef(bases=[_, *_], body=body):
                    given = next(
                        (line.value for line in body if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code"), None
                    )
                case _:
                    given = None
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                found.append(given.value)
    return found


def test_the_pages_are_those_of_the_code() -> None:
    assert outdated(ROOT / "docs") == []


def test_a_page_that_says_something_else_is_found(tmp_path: Path) -> None:
    reference.write(tmp_path)
    page = tmp_path / "errors.md"
    page.write_text(page.read_text("utf-8").replace("| `stale` |", "| `outdated` |"), "utf-8")

    assert outdated(tmp_path) == ["errors.md"]


def test_every_code_of_the_catalogue_is_an_errors_or_an_answers() -> None:
    used = {kind.code.name for kind in tree()}
    used |= {
        node.attr
        for file in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ErrorCode"
    }

    assert {code.name for code in ErrorCode} - used == set()


def test_no_code_stands_outside_the_catalogue() -> None:
    files = [*(ROOT / "app/api").rglob("*.py"), *(ROOT / "app/domain").glob("error*.py"), ROOT / "app/web.py"]

    assert uncatalogued(file.read_text("utf-8") for file in files) == []


@pytest.mark.parametrize(
    "line",
    [
        'answer(number, "planted", "Sentence.")',
        'errors.answer(number, "planted", "")',
        'Refusal("planted", "")',
        'class Planted(NotFound):\n    code = "planted"',
    ],
)
def test_a_planted_code_is_found(line: str) -> None:
    assert uncatalogued([line]) == ["planted"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))


def test_nothing_is_taken_away_that_the_changelog_does_not_name() -> None:
    assert reference.taken_away(ROOT / "docs", (ROOT / "CHANGELOG.md").read_text("utf-8")) == []


def test_what_a_planted_change_takes_away_is_found(document: dict[str, Any]) -> None:
    old = copy.deepcopy(document)
    old["paths"]["/api/v1/planted"] = {"get": {}}
    old["paths"]["/api/v1/trash"]["delete"] = {}
    old["components"]["schemas"]["Provider"]["properties"]["planted"] = {}
    old["components"]["schemas"]["Role"]["enum"].append("planted")
    old["components"]["schemas"]["UserDraft"]["required"].remove("email")
    old["paths"]["/api/v1/providers/{name}"]["get"]["parameters"] = []

    found = breaking(old, document)

    assert found == [
        "GET /api/v1/providers/{name}?name",
        "DELETE /api/v1/trash",
        "GET /api/v1/planted",
        "Provider.planted",
        "Role.planted",
        "UserDraft.email",
    ]
    assert unnamed(found, "`Role.planted` and `GET /api/v1/planted` are gone.") == [*found[:2], found[3], found[5]]


def test_what_a_document_gains_breaks_nothing(document: dict[str, Any]) -> None:
    old = copy.deepcopy(document)
    del old["paths"]["/api/v1/trash"], old["components"]["schemas"]["Provider"]["properties"]["label"]

    assert breaking(old, document) == []


def test_a_field_is_described_where_it_is_declared() -> None:
    source = "class A(Record):\n    one: int  #: First.\n    #: Second.\n    two: str\n    three: str\n"

    assert comments.comments(source) == {"A": {"one": "First.", "two": "Second."}}
