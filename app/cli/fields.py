"""What a route of REST takes, as options of a command: one for each field of its body and of its query, named after it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import click
from pydantic import BaseModel, TypeAdapter

from app.cli import secrets_in

Place = Literal["query", "body"]
_PART = re.compile(r"\{(\w+)\}")
_SECRET_FILE = re.compile(r"([a-z_]{1,40})=(.+)")
_WORDS = {
    "auth_type": "Authentication.",
    "base_url": "Address, for example https://api.example.com/v1.",
    "default_model": "Default model.",
    "description": "Note.",
    "expires_at": "Expiry date, for example 2026-12-31T00:00:00Z.",
    "label": "Display name.",
    "model": "Model.",
    "models": "Model; may be repeated.",
    "name": "Name.",
    "next_default": "Provider that becomes the default if this one is the default.",
    "providers": "Provider; may be repeated.",
    "requests_per_minute": "Requests per minute (max); 0 = no limit.",
    "search": "Only what has this text.",
    "version": "Only if this is still the version.",
}


@dataclass(frozen=True)
class Field:
    """`schema` is JSON Schema without references and without null; `nullable` says whether null is allowed."""

    name: str
    place: Place
    schema: Mapping[str, Any]
    nullable: bool
    required: bool

    @property
    def is_secret(self) -> bool:
        return _secret_at(self) is not None


@dataclass(frozen=True)
class Route:
    """`path` begins behind `/api/v1`; `parts` are its parameters in their order."""

    method: str
    path: str
    parts: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def takes_body(self) -> bool:
        return any(field.place == "body" for field in self.fields)

    def at(self, *values: str) -> str:
        """The path with these values in its parts."""
        from urllib.parse import quote

        told = iter(values)
        return _PART.sub(lambda _: quote(next(told), safe=""), self.path)


@cache
def route(operation: str) -> Route:
    """The route whose handler has this name."""
    from app.api import application

    for router in application.ROUTERS:
        for found in router.routes:
            if getattr(found, "name", "") == operation:
                return _read(found)
    raise LookupError(operation)


def _read(found: Any) -> Route:
    fields = []
    for parameter in found.dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields += _of_model(TypeAdapter(kind).json_schema(), "query")
        else:
            schema = TypeAdapter(kind).json_schema()
            fields.append(_field(parameter.alias, "query", schema, schema.get("$defs", {}), required=parameter.field_info.is_required()))
    for parameter in found.dependant.body_params:
        fields += _of_model(TypeAdapter(parameter.field_info.annotation).json_schema(), "body")
    (method,) = found.methods
    return Route(method, found.path, tuple(_PART.findall(found.path)), tuple(fields))


def _of_model(schema: Mapping[str, Any], place: Place) -> Iterator[Field]:
    defs = schema.get("$defs", {})
    whole, _ = _plain(schema, defs)
    for name, inner in whole.get("properties", {}).items():
        yield _field(name, place, inner, defs, required=name in whole.get("required", ()))


def _field(name: str, place: Place, schema: Mapping[str, Any], defs: Mapping[str, Any], *, required: bool) -> Field:
    plain, nullable = _plain(schema, defs)
    if "properties" in plain:
        plain = {**plain, "properties": {inner: _plain(each, defs)[0] for inner, each in plain["properties"].items()}}
    if "items" in plain:
        plain = {**plain, "items": _plain(plain["items"], defs)[0]}
    return Field(name, place, plain, nullable, required)


def _plain(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A schema without `$ref` and without null, of several ones the first; and whether null is one of them."""
    if "$ref" in schema:
        # What a kind says of itself is for who reads the document; an option says what its field says.
        named = {k: v for k, v in defs[schema["$ref"].rsplit("/", 1)[1]].items() if k != "description"}
        return _plain({**named, **{k: v for k, v in schema.items() if k != "$ref"}}, defs)
    several = schema.get("anyOf") or schema.get("oneOf")
    if not several:
        return schema, False
    kept = [each for each in several if each.get("type") != "null"]
    return _plain({**kept[0], **{k: v for k, v in schema.items() if k == "description"}}, defs)[0], len(kept) < len(several)


def options(fields: tuple[Field, ...], short: Mapping[str, str], *, clears: bool) -> list[click.Parameter]:
    """The options of these fields. `short`: field → a second, shorter name; `clears`: null can be said with `--unset`."""
    made: list[click.Parameter] = []
    for field in fields:
        made += _secret_options(field) if field.is_secret else [_option(field, short.get(field.name))]
    if clears and (unset := [field.name for field in fields if _clearable(field)]):
        made.append(
            click.Option(["--unset", "unset"], multiple=True, type=click.Choice(unset), help="Back to the default; may be repeated.")
        )
    return made


def _option(field: Field, short: str | None) -> click.Option:
    flag = f"--{field.name.replace('_', '-')}"
    names = [*([short] if short else []), flag, _key(field)]
    help_ = _WORDS.get(field.name) or field.schema.get("description", "")
    kind, many, metavar = _kind(field.schema)
    if kind is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", _key(field)], default=None, help=help_)
    return click.Option(names, type=kind, multiple=many, help=help_, metavar=metavar)


def _kind(schema: Mapping[str, Any]) -> tuple[Any, bool, str | None]:
    """The type of an option, whether it may be repeated, and what stands for its value in the help."""
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return click.Choice([str(word) for word in words]), False, None
    match schema.get("type"):
        case "boolean":
            return bool, False, None
        case "integer":
            return click.IntRange(schema.get("minimum"), schema.get("maximum")), False, None
        case "number":
            return click.FLOAT, False, None
        case "array":
            kind, _, metavar = _kind(schema.get("items", {}))
            return (click.STRING, True, "TEXT") if kind is bool else (kind, True, metavar)
        case "object":
            return _Json(), False, "JSON"
        case _:
            return click.STRING, False, None


class _Json(click.ParamType):
    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            self.fail("this is not valid JSON.", param, ctx)


def _secret_options(field: Field) -> list[click.Parameter]:
    name, path = _secret_name(field), click.Path(path_type=Path)
    key = _key(field)
    stdin = click.Option([f"--{name}-stdin", f"{key}_stdin"], is_flag=True, help=f"Read the {name} from stdin.")
    if _is_map(field):
        told = f"Read the {name} from a file; FIELD=FILE where it has several parts."
        return [stdin, click.Option([f"--{name}-file", f"{key}_file"], multiple=True, metavar="[FIELD=]FILE", help=told)]
    return [stdin, click.Option([f"--{name}-file", f"{key}_file"], type=path, help=f"Read the {name} from a file.")]


def values(fields: tuple[Field, ...], given: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """What was said of the fields of one place; what was not said is left out."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.place != place:
            continue
        if field.is_secret:
            if (secret := _secret(field, given)) is not None:
                found[field.name] = secret
        elif (value := given.get(_key(field))) is not None and value != ():
            found[field.name] = list(value) if isinstance(value, tuple) else value
    for name in given.get("unset") or ():
        if any(field.name == name and field.place == place for field in fields):
            found[name] = None
    return found


def _secret(field: Field, given: Mapping[str, Any]) -> Any:
    """The secret of a field in the shape in which REST takes it, None where none was given."""
    stdin, files = given.get(f"{_key(field)}_stdin", False), given.get(f"{_key(field)}_file")
    if not _is_map(field):
        name = _secret_name(field)
        return secrets_in.needed(name, stdin=stdin, file=files) if field.required else secrets_in.read(stdin=stdin, file=files)
    parts: dict[str, str] = {}
    for named in files or ():
        part = None if Path(named).exists() else _SECRET_FILE.fullmatch(named)
        parts[part[1] if part else "api_key"] = secrets_in.of_file(Path(part[2] if part else named))
    if stdin:
        if "api_key" in parts:
            raise click.UsageError("Pass the secret on stdin or in a file, not both.")
        parts["api_key"] = secrets_in.read(stdin=True, file=None) or ""
    if not parts:
        return None
    return parts if _secret_at(field) == () else {"secret": parts}


def _secret_at(field: Field) -> tuple[str, ...] | None:
    """Where within a field the secret lies: () = it is the field itself, None = it has none."""
    if _holds_secret(field.schema):
        return ()
    return ("secret",) if _holds_secret(field.schema.get("properties", {}).get("secret", {})) else None


def _holds_secret(schema: Mapping[str, Any]) -> bool:
    inner = schema.get("additionalProperties")
    return schema.get("format") == "password" or (isinstance(inner, Mapping) and inner.get("format") == "password")


def _is_map(field: Field) -> bool:
    return field.schema.get("format") != "password"


def _secret_name(field: Field) -> str:
    return "secret" if _is_map(field) else field.name.replace("_", "-")


def _clearable(field: Field) -> bool:
    return field.place == "body" and field.nullable and not field.is_secret and field.name != "version"


def _key(field: Field) -> str:
    return f"{field.place}_{field.name}".lower()
