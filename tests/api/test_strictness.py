"""REST takes what was meant and nothing that looks like it: booleans, times, identifiers."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from app.domain.record import Closed
from tests.fixtures.rest import body


def inputs(kind: type[Closed] = Closed) -> set[type[Closed]]:
    return {inner for child in kind.__subclasses__() for inner in {child, *inputs(child)}}


def fields(kind: type[Closed], *, of: str) -> list[str]:
    """Names of the fields that hold a boolean, or a time."""
    found = []
    for name, schema in kind.model_json_schema()["properties"].items():
        kinds = [schema, *schema.get("anyOf", ())]
        if any(one.get("type") == of or one.get("format") == of for one in kinds):
            found.append(name)
    return found


def accepts(kind: type[Closed], field: str, value: object) -> bool:
    try:
        kind.model_validate({field: value})
    except ValidationError as error:
        return not any(found["loc"][0] == field for found in error.errors())
    return True


BOOLEANS = sorted({(kind, field) for kind in inputs() for field in fields(kind, of="boolean")}, key=str)
TIMES = sorted({(kind, field) for kind in inputs() for field in fields(kind, of="date-time")}, key=str)


@pytest.mark.parametrize(("kind", "field"), [pytest.param(*one, id=f"{one[0].__name__}.{one[1]}") for one in BOOLEANS])
def test_a_boolean_is_true_or_false(kind: type[Closed], field: str) -> None:
    assert [value for value in ("yes", "true", "off", "1", 1, 0, 1.0) if accepts(kind, field, value)] == []
    assert accepts(kind, field, True) and accepts(kind, field, False)


@pytest.mark.parametrize(("kind", "field"), [pytest.param(*one, id=f"{one[0].__name__}.{one[1]}") for one in TIMES])
def test_a_time_is_written_as_one(kind: type[Closed], field: str) -> None:
    assert [value for value in (0.5, 1, 1_800_000_000, "0.5", "1800000000", "now", True) if accepts(kind, field, value)] == []
    assert accepts(kind, field, "2099-12-05T14:30:00Z")


def test_all_kinds_of_input_are_looked_at() -> None:
    assert len(BOOLEANS) >= 8
    assert len(TIMES) >= 4


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        pytest.param({"models": ["a b"]}, "models.0", id="a model with a space"),
        pytest.param({"models": ["fine", "a\nb"]}, "models.1", id="a model with a line break"),
        pytest.param({"default_model": "a b"}, "default_model", id="the default model"),
        pytest.param({"models": [{"identifier": "a b"}]}, "models.0.identifier", id="a model with a label"),
    ],
)
async def test_a_bad_identifier_of_a_model_has_a_sentence_of_its_own(admin: httpx.AsyncClient, sent: dict[str, Any], field: str) -> None:
    answer = await admin.post("/api/v1/providers", json=body(**sent))

    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["errors"] == [
        {
            "field": field,
            "code": "wrong_form",
            "message": "Write an identifier of 1 to 200 characters without spaces, for example gpt-4o-mini.",
        }
    ]


async def test_a_model_of_another_kind_is_told_that_an_object_was_meant(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/v1/providers", json=body(models=[5]))

    assert answer.json()["error"]["details"]["errors"] == [
        {"field": "models.0", "code": "wrong_type", "message": "This must be an object."}
    ]


@pytest.mark.parametrize("asked", ["to=0.5", "from=1800000000", "to=2026-12-05", "to=soon", "from=2026-12-05T14:30:00"])
async def test_a_time_in_a_query_is_written_as_one(viewer: httpx.AsyncClient, asked: str) -> None:
    answer = await viewer.get(f"/api/v1/usage?{asked}")

    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "Write a time with its zone, for example 2026-12-05T14:30:00Z."


async def test_keys_are_not_copied_for_a_word_that_is_no_boolean(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    answer = await admin.post(f"/api/v1/providers/{saved['name']}/duplicate", json={"name": "copy", "with_keys": "yes"})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "with_keys")
