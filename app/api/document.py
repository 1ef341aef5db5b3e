"""The OpenAPI document, for those who are signed in."""

from typing import Any

from fastapi import FastAPI, Request

from app.api import guard

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
            "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "Of GET /session; browsers only."},
            "client_key": {"type": "http", "scheme": "bearer", "description": "A client key of scope read or admin."},
        }
        for schema in described["components"]["schemas"].values():
            if "CredentialDraft" in str((fields := schema.get("properties", {})).get("credential")):
                fields["credential"] = {"$ref": "#/components/schemas/CredentialDraft"}  # left out = keep; null is refused
        for path in described["paths"].values():
            for method, operation in path.items():
                refused = operation["responses"]["401"]["content"]
                for status, phrase in (WALL | (BODY if method in UNSAFE else {})).items():
                    operation["responses"][status] = {"description": phrase, "content": refused}
                browser: dict[str, list[str]] = {"session": []} | ({"csrf": []} if method in UNSAFE else {})
                operation["security"] = [browser, {"client_key": []}]
        app.openapi_schema = described
    return app.openapi_schema
