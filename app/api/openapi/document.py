"""The OpenAPI document, for those who are signed in."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request

from app.api import guard
from app.api.openapi import comments
from app.api.openapi.parameters import PARAMETERS
from app.domain.errors import ErrorCode

router = guard.router("Document")
UNSAFE = ("post", "put", "patch", "delete")
WALL = ("421",)  # what the wall in front refuses before a route is looked for
BODY = ("413", "415")
TAGS = {
    "Aliases": "Public names for models of one or several providers.",
    "Audit log": "Who did what to which.",
    "Chat": "One answer of a model, for a script.",
    "Client keys": "App keys: what applications call Patchbay with.",
    "Discovery": "Model servers near this Patchbay.",
    "Document": "This document.",
    "Health": "How providers do, from calls and tests.",
    "Master key": "The keys that stored secrets are encrypted with, and the recovery kit.",
    "Models": "The models that a provider lists.",
    "Provider keys": "The keys of a provider. What goes in never comes out again.",
    "Providers": "Connections to vendors and to servers of one's own.",
    "Routes": "Where a selector leads.",
    "Trash": "Deleted providers, until they are deleted permanently.",
    "Usage": "What applications used, by whom and of what it costs.",
    "Users": "Who the caller is, and the people of the console.",
}
_REQUEST_ID = {"description": "ID of the request, also in the server log.", "schema": {"type": "string"}}
_HEADERS = {
    "401": {"WWW-Authenticate": {"description": "How to sign in: `Bearer`.", "schema": {"type": "string"}}},
    "429": {"Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}}},
    "503": {"Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}}},
}
_ETAG = {"description": "Version of the resource; send it as `If-Match` to change exactly this one.", "schema": {"type": "string"}}


@router.get("/openapi.json")
async def get_document(request: Request) -> dict[str, Any]:
    """This document."""
    return document(request.app)


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the application, with how to sign requests."""
    if app.openapi_schema is None:
        described = app.openapi()
        parts = described["components"]
        parts["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": "__Host-pb", "description": "A signed-in browser."},
            "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "From GET /session; browsers only."},
            "client_key": {"type": "http", "scheme": "bearer", "description": "An app key with the read or admin scope."},
        }
        parts["headers"] = {"x-request-id": _REQUEST_ID, "ETag": _ETAG}
        parts["responses"] = {}
        for name, schema in parts["schemas"].items():
            _describe(name, schema.get("properties", {}))
        tagging = {*_that_tag(app)}
        for path in described["paths"].values():
            for method, operation in path.items():
                _complete(operation, parts["responses"], (*WALL, *(BODY if method in UNSAFE else ())))
                if operation["operationId"] in tagging:
                    next(iter(operation["responses"].values()))["headers"]["ETag"] = {"$ref": "#/components/headers/ETag"}
                browser: dict[str, list[str]] = {"session": []} | ({"csrf": []} if method in UNSAFE else {})
                operation["security"] = [browser, {"client_key": []}]
            if "get" in path and _is_versioned(path["get"], parts["schemas"]):
                path["get"]["responses"]["304"] = {
                    "description": "The version of `If-None-Match` is the current one.",
                    "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}},
                }
        app.openapi_schema = described
    return app.openapi_schema


def _is_versioned(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether the answer has a version, and so an `ETag`."""
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return "version" in schemas.get(answer.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})


def _describe(name: str, fields: dict[str, Any]) -> None:
    if "CredentialDraft" in str(fields.get("credential")):
        fields["credential"] = {"$ref": "#/components/schemas/CredentialDraft"}  # left out = keep; null is refused
    for field, text in comments.of(name, fields).items():
        fields[field].setdefault("description", text)


def _that_tag(app: FastAPI) -> Iterator[str]:
    """Operations that name the version of what they answer: their handlers are given the response for it."""
    for included in app.routes:
        for route in getattr(included, "original_router", app.router).routes:
            if isinstance(route, guard.GuardedRoute) and route.dependant.response_param_name:
                yield route.name


def _complete(operation: dict[str, Any], shared: dict[str, Any], wall: tuple[str, ...]) -> None:
    """Say what every parameter means and what every answer holds; errors are JSON also where the answer is a file."""
    for parameter in operation.get("parameters", ()):
        if said := PARAMETERS.get(parameter["name"]):
            parameter.setdefault("description", said)
    answers = operation["responses"]
    for status in (*answers, *wall):
        if status >= "400":
            name = _name(status)
            shared.setdefault(name, _refusal(status))
            answers[status] = {"$ref": f"#/components/responses/{name}"}
            continue
        answers[status]["headers"] = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
        for content in answers[status].get("content", {}).values():
            content.setdefault("schema", {"type": "string"})  # a file


def _name(status: str) -> str:
    """`NotFound` for 404, whatever this Python calls 413 and 422."""
    return {"413": "ContentTooLarge", "422": "UnprocessableContent"}.get(status) or HTTPStatus(int(status)).phrase.replace(" ", "")


def _refusal(status: str) -> dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code in ErrorCode if code.status == int(status))
    return {
        "description": f"One of {codes}." if "," in codes else f"{codes}.",
        "headers": {"x-request-id": {"$ref": "#/components/headers/x-request-id"}, **_HEADERS.get(status, {})},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
    }
