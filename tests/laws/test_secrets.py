"""No secret in a page's state, in a record that is shown, or in an answer of the REST API."""

import re
from collections.abc import Iterator
from typing import Any

import reflex as rx

from app.api import application
from app.api.openapi import document as described
from app.domain.record import Record
from app.domain.secret import Secret
from app.main import app as console

SUSPICIOUS = re.compile(r"(secret|password|passphrase|plaintext|api_key|private_key)", re.IGNORECASE)
# Words that only name a form's field or say something about a secret, never hold one.
HARMLESS = re.compile(r"(hint|label|error|field|is_set|fingerprint)", re.IGNORECASE)


def states(root: type[rx.State] = rx.State) -> Iterator[type[rx.State]]:
    """The root state and everything below it."""
    yield root
    for child in root.get_substates():
        yield from states(child)  # type: ignore[arg-type]


def telling(fields: dict[str, Any]) -> list[str]:
    """Names that sound like a secret, or whose type is one."""
    return [
        name
        for name, kind in fields.items()
        if "Secret" in str(kind) or kind is Secret or (SUSPICIOUS.search(name) and not HARMLESS.search(name))
    ]


def vars_of(state: type[rx.State]) -> dict[str, Any]:
    return {name: var._var_type for name, var in {**state.base_vars, **state.computed_vars}.items()} | backend_vars(state)


def backend_vars(state: type[rx.State]) -> dict[str, Any]:
    """Vars that stay on the server; Reflex would still write them into its store."""
    return {name: kind for name, kind in getattr(state, "__annotations__", {}).items() if name.startswith("_")}


def records(root: type[Record] = Record) -> Iterator[type[Record]]:
    for child in root.__subclasses__():
        yield child
        yield from records(child)


def test_no_var_of_a_page_can_carry_a_secret() -> None:
    assert console is not None
    found = {f"{state.__name__}.{name}" for state in states() if state.__module__.startswith("app.") for name in telling(vars_of(state))}

    assert found == set()


def test_no_record_that_is_shown_can_carry_a_secret() -> None:
    found = {f"{kind.__name__}.{name}" for kind in records() for name in telling({n: f.annotation for n, f in kind.model_fields.items()})}

    assert found == set()


def test_no_answer_of_the_rest_api_has_a_field_that_only_goes_in() -> None:
    document = described.document(application.make_fastapi())
    schemas = document["components"]["schemas"]
    shared = {"headers": document["components"]["headers"], "responses": document["components"]["responses"], "schemas": schemas}
    answered: set[str] = set()

    def follow(part: Any) -> None:
        if isinstance(part, dict):
            if (ref := part.get("$ref", "")) and ref not in answered:
                answered.add(ref)
                kind, name = ref.split("/")[-2:]
                follow(shared[kind][name])
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    for methods in document["paths"].values():
        for operation in methods.values():
            if isinstance(operation, dict):
                follow(operation.get("responses", {}))

    names = [ref.rsplit("/", 1)[1] for ref in answered if "/schemas/" in ref]
    assert names, "some answer has a schema"
    assert [name for name in names if '"writeOnly": True' in str(schemas[name]).replace("'", '"')] == []


def test_a_planted_secret_is_caught() -> None:
    assert telling({"api_key": str, "value": Secret, "api_key_hint": str, "label": str}) == ["api_key", "value"]
