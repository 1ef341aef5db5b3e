"""The OpenAPI document, for those who are signed in."""

from typing import Any

from fastapi import FastAPI, Request

from app.api import guard
from app.api.openapi.parameters import PARAMETERS

router = guard.router("Document")
UNSAFE = ("post", "put", "patch", "delete")
WALL = {"421": "Misdirected Request"}  # what the wall in front refuses before a route is looked for
BODY = {"413": "Content Too Large", "415": "Unsupported Media Type"}


@router.get("/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """This document."""
    return document(request.app)


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the application, with how to sign requests."""
    if app.openapi_schema is None:
        described = app.openapi()
        described["components"]["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": "__Host-pb", "description": "A signed-in browser."},
            "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "From GET /session; browsers only."},
            "client_key": {"type": "http", "scheme": "bearer", "description": "An app key with the read or admin scope."},
        }
        for schema in described["components"]["schemas"].values():
            if "CredentialDraft" in str((fields := schema.get("properties", {})).get("credential")):
                fields["credential"] = {"$ref": "#/components/schemas/CredentialDraft"}  # left out = keep; null is refused
        for path in described["paths"].values():
            for method, operation in path.items():
                _complete(operation, WALL | (BODY if method in UNSAFE else {}))
                browser: dict[str, list[str]] = {"session": []} | ({"csrf": []} if method in UNSAFE else {})
                operation["security"] = [browser, {"client_key": []}]
            if "get" in path and _is_versioned(path["get"], described["components"]["schemas"]):
                path["get"]["responses"]["304"] = {"description": "Not Modified"}
        app.openapi_schema = described
    return app.openapi_schema


def _is_versioned(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether the answer has a version, and so an `ETag`."""
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return "version" in schemas.get(answer.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})


def _complete(operation: dict[str, Any], wall: dict[str, str]) -> None:
    """Say what every parameter means and what every answer holds; errors are JSON also where the answer is a file."""
    for parameter in operation.get("parameters", ()):
        if said := PARAMETERS.get(parameter["name"]):
            parameter.setdefault("description", said)
    answers = operation["responses"]
    (refused,) = answers["401"]["content"].values()
    for status, phrase in wall.items():
        answers[status] = {"description": phrase}
    for status, answer in answers.items():
        if status >= "400":
            answer["content"] = {"application/json": refused}
        for content in answer.get("content", {}).values():
            content.setdefault("schema", {"type": "string"})  # a file
