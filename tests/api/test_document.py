"""The OpenAPI document: true by the contract that every test of this folder holds answers against, and complete."""

import httpx

from tests.fixtures.rest import Contract


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
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
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
    assert schemas["ProviderDraft"]["properties"]["credential"] == {"$ref": "#/components/schemas/CredentialDraft"}


async def test_who_is_signed_in_may_read_it(viewer: httpx.AsyncClient, contract: Contract) -> None:
    answer = await viewer.get("/api/v1/openapi.json")

    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json() == contract.document
