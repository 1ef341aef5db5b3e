"""The OpenAPI document: true by the contract that every test of this folder holds answers against, and complete."""

import copy
from typing import Any

import httpx
import pytest

from app import __version__
from app.api import application
from app.api.guard import GuardedRoute
from tests.fixtures.rest import Contract


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def undescribed(document: dict[str, Any]) -> list[str]:
    """Properties of which nobody says what they hold, as schema.property."""
    schemas = document["components"]["schemas"].items()
    return [f"{name}.{field}" for name, one in schemas for field, said in one.get("properties", {}).items() if not said.get("description")]


def untold(document: dict[str, Any]) -> list[str]:
    """Operations with an error of their own, without a number, with a tag that is not described or an ID that another one has."""
    tags, seen = {tag["name"] for tag in document["tags"] if tag["description"]}, list[str]()
    found = []
    for _, _, operation in operations(document):
        name, answers = operation["operationId"], operation["responses"].items()
        refused = [answer for status, answer in answers if status >= "400"]
        told = [answer for status, answer in answers if status < "400"]
        if (
            name in seen
            or len(operation["tags"]) != 1
            or not tags.issuperset(operation["tags"])
            or any([*answer] != ["$ref"] for answer in refused)
            or any("x-request-id" not in answer.get("headers", ()) for answer in told)
        ):
            found.append(name)
        seen.append(name)
    return found


def shapeless(part: Any, place: str = "") -> list[str]:
    """Objects of which the document says nothing."""
    if isinstance(part, list):
        return [found for each in part for found in shapeless(each, place)]
    if not isinstance(part, dict):
        return []
    here = [place] if part.get("type") == "object" and not {"properties", "additionalProperties", "$ref"} & {*part} else []
    return here + [found for name, each in part.items() for found in shapeless(each, f"{place}/{name}")]


def test_every_property_is_described_every_operation_told_and_every_object_shaped(contract: Contract) -> None:
    document = contract.document

    assert (undescribed(document), untold(document), shapeless(document["components"]["schemas"])) == ([], [], [])
    assert document["info"]["version"] == __version__


@pytest.mark.parametrize("breach", ["tag", "id", "error", "number"])
def test_a_planted_operation_is_found(contract: Contract, breach: str) -> None:
    document = copy.deepcopy(contract.document)
    operation = document["paths"]["/api/v1/trash"]["get"]
    match breach:
        case "tag":
            operation["tags"] = ["Planted"]
        case "id":
            operation["operationId"] = "list_users"
        case "error":
            operation["responses"]["404"] = {"description": "Planted"}
        case _:
            del operation["responses"]["200"]["headers"]

    assert untold(document) in (["list_trash"], ["list_users"])


def test_a_planted_property_and_object_are_found(contract: Contract) -> None:
    document = copy.deepcopy(contract.document)
    document["components"]["schemas"]["Role"] = {"properties": {"planted": {"type": "object"}}}

    assert (undescribed(document), shapeless(document["components"]["schemas"])) == (["Role.planted"], ["/Role/properties/planted"])


def test_an_operation_is_called_like_its_handler(contract: Contract) -> None:
    handlers = {route.name for router in application.ROUTERS for route in router.routes if isinstance(route, GuardedRoute)}

    assert {operation["operationId"] for _, _, operation in operations(contract.document)} == handlers


def test_an_answer_with_a_version_says_that_it_is_tagged(contract: Contract) -> None:
    for path in ("/api/v1/providers/{name}", "/api/v1/aliases/{alias_id}"):
        assert set(contract.document["paths"][path]["get"]["responses"]["200"]["headers"]) == {"x-request-id", "ETag"}


def test_every_operation_says_how_it_is_refused(contract: Contract) -> None:
    for path, item in contract.document["paths"].items():
        for method, operation in item.items():
            assert {"401", "403", "421", "422", "503"} <= set(operation["responses"]), path
            assert ("415" in operation["responses"]) == (method != "get"), path
            assert operation["security"], path


def test_every_parameter_is_explained_and_every_answer_has_a_schema(contract: Contract) -> None:
    operations = [(path, operation) for path, item in contract.document["paths"].items() for operation in item.values()]

    silent = [(path, p["name"]) for path, operation in operations for p in operation.get("parameters", ()) if not p.get("description")]
    contents = [
        (path, status, kind, content)
        for path, operation in operations
        for status in operation["responses"]
        for kind, content in contract.answer(operation, status).get("content", {}).items()
    ]
    assert silent == []
    assert [(path, status, kind) for path, status, kind, content in contents if not content.get("schema")] == []
    assert {kind for _, status, kind, _ in contents if status >= "400"} == {"application/json"}


def test_every_field_of_an_answer_says_what_it_holds(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    words = {"title", "description", "default", "examples"}
    fields = [(name, field, said) for name, one in schemas.items() for field, said in one.get("properties", {}).items()]

    assert [(name, field) for name, field, said in fields if not {*said} - words] == []
    for name in ("UsageReport", "UsageLine", "UsageSeries", "UsagePoint", "Stats", "Dependants"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]), name


def test_a_secret_only_goes_in_and_null_is_no_credential(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]

    assert schemas["CredentialDraft"]["properties"]["secret"]["additionalProperties"]["writeOnly"] is True
    assert schemas["ProviderDraft"]["properties"]["credential"]["$ref"] == "#/components/schemas/CredentialDraft"


async def test_who_is_signed_in_may_read_it(viewer: httpx.AsyncClient, contract: Contract) -> None:
    answer = await viewer.get("/api/v1/openapi.json")

    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json() == contract.document
