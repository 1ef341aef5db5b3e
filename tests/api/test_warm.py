"""Nobody's first request waits for FastAPI to look into its routes."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from app.api import application


async def test_what_the_first_request_would_wait_for_is_done_in_a_thread_before() -> None:
    api = application.LastResort(application.make_fastapi())
    answered: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    async def send(message: MutableMapping[str, Any]) -> None:
        answered.append(message.get("status", 0))

    began = time.perf_counter()
    await asyncio.to_thread(api.warm)
    warmed = time.perf_counter()
    scope = {"type": "http", "method": "GET", "path": "/api/v1/-", "root_path": "", "query_string": b"", "headers": []}
    await api(scope, receive, send)
    first = time.perf_counter() - warmed

    assert answered[0] == 404
    assert first < (warmed - began) / 5
