"""The application below a path of a host: whether a proxy takes the path off or not, inside it is the same."""

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from app import below

SEEN: dict[str, Any] = {}


async def inner(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Keeps what it was given, and sends the browser where the query says."""
    SEEN.clear()
    SEEN.update(scope)
    headers = [(b"location", scope["query_string"])] if scope["query_string"] else []
    await send({"type": "http.response.start", "status": 303 if headers else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def ask(url: str) -> httpx.Response:
    transport = httpx.ASGITransport(below.placed("/tools/llm", inner))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
        return await client.get(url)


@pytest.mark.parametrize(
    ("asked", "inside"),
    [
        pytest.param("/tools/llm/", "/", id="the top"),
        pytest.param("/tools/llm/api/v1/providers", "/api/v1/providers", id="passed on"),
        pytest.param("/api/v1/providers", "/api/v1/providers", id="taken off"),
        pytest.param("/tools/llm/tools/llm/x", "/tools/llm/x", id="only once"),
        pytest.param("/tools/llmx", "/tools/llmx", id="a longer name"),
        pytest.param("/tools", "/tools", id="above"),
        pytest.param("/tools/llm/a%2Fb", "/a/b", id="escaped"),
    ],
)
async def test_inside_there_are_only_our_own_paths(asked: str, inside: str) -> None:
    await ask(asked)

    assert SEEN["path"] == inside
    assert SEEN["raw_path"] == asked.removeprefix("/tools/llm/").join(["/", ""]).encode() if asked.startswith("/tools/llm/") else True


async def test_without_the_slash_at_the_end_the_browser_is_sent_to_the_top() -> None:
    answer = await ask("/tools/llm?next=x")

    assert (answer.status_code, answer.headers["location"]) == (308, "/tools/llm/?next=x")


@pytest.mark.parametrize(
    ("told", "where"),
    [
        pytest.param("/login", "/tools/llm/login", id="a page of ours"),
        pytest.param("https://example.com/x", "https://example.com/x", id="a whole address"),
        pytest.param("//example.com/x", "//example.com/x", id="another host"),
    ],
)
async def test_an_answer_that_leads_to_one_of_our_pages_leads_below_the_path(told: str, where: str) -> None:
    assert (await ask(f"/tools/llm/auth/login?{told}")).headers["location"] == where


def test_at_the_top_of_a_host_nothing_stands_between() -> None:
    assert below.placed("", inner) is inner
