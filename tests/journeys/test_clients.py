"""Clients that applications use, each as it comes from its registry, through `patchbay serve` to vendors nobody here wrote.

Every client makes the journey of `fixtures/clients/journey.py` once; the tests look at what it tells.
"""

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import httpx
import pytest

from tests.fixtures import applications
from tests.fixtures.clients import journey
from tests.fixtures.running import ROOT, patchbay

pytestmark = pytest.mark.timeout(300)  # five clients load at once, before the first test

Told = dict[str, Any]
DOCS = ROOT / "docs" / "clients.md"
CLIENT = pytest.mark.parametrize("client", [*applications.PYTHON, applications.JAVASCRIPT])
ROUTE = pytest.mark.parametrize("route", journey.ROUTES)
PROVIDERS: dict[str, Told] = {
    "plain": {"type": "custom", "models": ["chat", "vectors", "text-embedding-3-small"]},
    "native": {"type": "anthropic", "models": ["chat"]},
    "busy": {"type": "custom"},
    "down": {"type": "custom"},
    "native-busy": {"type": "anthropic"},
    "native-down": {"type": "anthropic"},
}


@pytest.fixture(scope="module")
def seen() -> Told:
    """How often the vendors were shown the picture, by path."""
    return {}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, seen: Told) -> Iterator[dict[str, Told]]:
    folder = tmp_path_factory.mktemp("clients")
    with applications.vendors() as origin, patchbay(folder / "patchbay") as running:
        running.admin()
        with running.rest() as rest:
            for name, fields in PROVIDERS.items():
                base_url = origin if fields["type"] == "anthropic" else f"{origin}/v1"
                secret = {"secret": {"api_key": applications.VENDORS_KEY}}
                draft = {"name": name, "base_url": base_url, "auth_type": "api_key", "credential": secret, **fields}
                saved = rest.post("/providers", json=draft)
                assert saved.status_code == 201, saved.text
            key = rest.post("/client-keys", json={"name": "an-app", "scope": "gateway"}).json()["key"]
        found = applications.travelled(f"{running.url}/v1", key, folder)
        seen |= httpx.get(f"{origin}/pictures").json()
        yield found


@CLIENT
@ROUTE
def test_it_chats(told: dict[str, Told], client: str, route: str) -> None:
    found = told[client][route]

    assert (found["chat"], found["system"]) == ("Hello from a vendor that nobody here wrote.", "Ahoy.")
    assert found["usage"] == [9, 4, 13]
    assert found.get("finish", ["stop", "tool_calls", "tool_calls"]) == ["stop", "tool_calls", "tool_calls"]


@CLIENT
@ROUTE
def test_it_streams(told: dict[str, Told], client: str, route: str) -> None:
    found = told[client][route]

    assert found["stream"] == "Hello from a vendor that nobody here wrote."
    assert found["parts"] >= 5
    assert found.get("usage_at_the_end", 13) == 13


@CLIENT
@ROUTE
def test_it_calls_two_tools_and_tells_what_they_said(told: dict[str, Told], client: str, route: str) -> None:
    found = told[client][route]

    assert found["tools"] == found["streamed_tools"] == ["Huế", "Hà Nội"]
    assert found["answered"] == "Huế 28, Hà Nội 28."


@CLIENT
@ROUTE
def test_it_shows_a_picture(told: dict[str, Told], client: str, route: str) -> None:
    assert told[client][route]["vision"] == "A red dot."


def test_the_vendors_were_shown_the_picture_by_every_client(told: dict[str, Told], seen: Told) -> None:
    assert seen == {"/v1/chat/completions": len(told), "/v1/messages": len(told)}


@CLIENT
def test_it_embeds(told: dict[str, Told], client: str) -> None:
    assert told[client]["embedding"] == [0.5, -0.25, 0.125]


@pytest.mark.parametrize("client", ["openai", "llm", applications.JAVASCRIPT])
def test_it_lists_the_models(told: dict[str, Told], client: str) -> None:
    found = told[client]

    assert found["models"] == ["native/chat", "plain/chat", "plain/text-embedding-3-small", "plain/vectors"]
    assert found.get("model", "plain/chat") == "plain/chat"


@CLIENT
@pytest.mark.parametrize(
    ("case", "status", "kinds", "text"),
    [
        ("wrong_key", 401, {"AuthenticationError"}, "Incorrect API key provided"),
        ("unknown", 404, {"NotFoundError"}, "plain/chat"),
        ("busy", 429, {"RateLimitError"}, "limit"),
        ("down", 503, {"InternalServerError", "ServiceUnavailableError"}, "provider"),
        ("strict", 400, {"BadRequestError"}, "temperature must be below 2"),
    ],
)
def test_it_understands_a_refusal(told: dict[str, Told], client: str, case: str, status: int, kinds: set[str], text: str) -> None:
    refused = told[client]["refused"]

    for found in [refused[case], refused.get(f"native_{case}", refused[case])]:
        assert kinds & set(found["kinds"]), found
        assert found["status"] == status
        assert text in found["message"]
        assert applications.VENDORS_KEY not in found["message"]
        # After a few of these the provider is left alone for some seconds, which are told.
        assert case == "down" or (int(found["retry_after"] or 0) > 0) == (case == "busy")


@pytest.mark.parametrize("client", ["openai", "litellm", "langchain-openai", "llm"])
def test_the_docs_name_the_version_that_is_tested(client: str) -> None:
    found = version(client)

    assert re.search(rf"\| `{client}`( \(Python\))? \| {re.escape(found)} \|", DOCS.read_text("utf-8")), found


def test_the_docs_name_the_version_for_javascript_that_is_tested() -> None:
    found = json.loads((applications.HERE / "package.json").read_text())["dependencies"]["openai"]

    assert f"| `openai` (JavaScript) | {found} |" in DOCS.read_text("utf-8")
