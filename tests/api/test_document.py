"""The OpenAPI document: true by the contract that every test of this folder holds answers against, and complete."""

import httpx

from tests.fixtures.rest import Contract


def test_every_operation_says_how_it_is_refused(contract: Contract) -> None:
    for path, item in contract.document["paths"].items():
        for method, operation in item.items():
            assert {"401", "403", "421", "422", "503"} <= set(operation["responses"]), path
            assert ("415" in operation["responses"]) == (method != "get"), path
            assert operation["security"], path


def test_a_secret_only_goes_in_and_null_is_no_credential(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]

    assert schemas["CredentialDraft"]["properties"]["secret"]["additionalProperties"]["writeOnly"] is True
    assert schemas["ProviderDraft"]["properties"]["credential"] == {"$ref": "#/components/schemas/CredentialDraft"}


async def test_who_is_signed_in_may_read_it(viewer: httpx.AsyncClient, contract: Contract) -> None:
    answer = await viewer.get("/api/v1/openapi.json")

    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json() == contract.document
