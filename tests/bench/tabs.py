"""`python -m tests.bench.tabs URL PASSWORD COUNT`: open tabs of one signed-in person, until it is ended.

Each is a websocket of python-socketio that says what a tab of the browser says (hydrate, then what the page loads), and stays.
Prints one line when all of them have their state; ends when the first of them is closed.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

import httpx

from tests.launch.conftest import STATE, tab

EMAIL = "bench@example.org"
PAGE = "/"


async def opened(url: str, password: str, count: int) -> None:
    async with AsyncExitStack() as stack:
        async with httpx.AsyncClient() as http:
            form = {"email": EMAIL, "password": password}
            answer = await http.post(f"{url}/auth/login", data=form, headers={"origin": url})
        cookie = answer.headers["set-cookie"].split(";")[0].removeprefix("__Host-pb=")
        tabs = []
        for _ in range(count):
            one = await stack.enter_async_context(tab(url, cookie=cookie))
            await one.fire(f"{STATE}hydrate", path=PAGE)
            await one.fire(f"{STATE}reflex___state____on_load_internal_state.on_load_internal", path=PAGE)
            await one.wait(lambda one=one: len(one.changed()) > 3, 30)
            if one.redirects():
                raise SystemExit(f"a tab was sent away: {one.redirects()}")
            tabs.append(one)
        print("open", flush=True)
        await asyncio.wait([asyncio.create_task(one.closed.wait()) for one in tabs], return_when=asyncio.FIRST_COMPLETED)
        raise SystemExit("a tab was closed")


if __name__ == "__main__":
    asyncio.run(opened(sys.argv[1], sys.argv[2], int(sys.argv[3])))
