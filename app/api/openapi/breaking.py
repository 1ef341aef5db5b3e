"""What a new OpenAPI document takes away from the clients of an old one."""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]


def breaking(old: Document, new: Document) -> list[str]:
    """Each thing that a client may miss, as the changelog names it: `GET /api/v1/trash` (gone), `GET /api/v1/trash?x` (a parameter
    that is required now), `Provider.label` (a property that is gone, or required now in a body), `Role.viewer` (a value that is gone)."""
    return [*_of_operations(old, new), *_of_schemas(old, new)]


def unnamed(found: list[str], changelog: str) -> list[str]:
    """Those of them that the changelog does not name."""
    return [one for one in found if f"`{one}`" not in changelog]


def _of_operations(old: Document, new: Document) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield name
            else:
                yield from (f"{name}?{parameter}" for parameter in sorted(_required(now) - _required(operation)))


def _required(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ()) if parameter.get("required")}


def _of_schemas(old: Document, new: Document) -> Iterator[str]:
    bodies = {*_bodies(old)}
    for name, schema in old["components"]["schemas"].items():
        now = new["components"]["schemas"].get(name, {})
        gone = [part for part in schema.get("properties", {}) if part not in now.get("properties", {})]
        gone += [value for value in schema.get("enum", ()) if value not in now.get("enum", ())]
        if name in bodies:
            gone += sorted({*now.get("required", ())} - {*schema.get("required", ())} - {*gone})
        yield from (f"{name}.{part}" for part in gone)


def _bodies(document: Document) -> Iterator[str]:
    """Schemas that are sent to us as a whole body."""
    for methods in document["paths"].values():
        for operation in methods.values():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for each in (schema, *schema.get("anyOf", ())):
                if "$ref" in each:
                    yield each["$ref"].rsplit("/", 1)[1]
