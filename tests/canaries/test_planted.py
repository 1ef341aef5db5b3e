"""The sweep finds what leaks: a server that really leaks in every way there is, one short visit, one search."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.canaries import kept
from tests.canaries.evidence import Evidence, Leak, judge
from tests.canaries.journey import Journey
from tests.canaries.permits import permits
from tests.canaries.planted import planted
from tests.canaries.searcher import Canary
from tests.canaries.upstreams import recorder
from tests.fixtures.running import patchbay
from tests.launch.conftest import STATE, tab

pytestmark = pytest.mark.timeout(300)

FAULTS = Path(__file__).parent / "faults"
KEY = "provider key, crashed"  # of no vendor's shape: no pattern of the log knows it


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Leak]]:
    """What the sweep finds in a leaky server."""
    folder, evidence, secrets = tmp_path_factory.mktemp("leaky"), Evidence(), planted(1)
    (folder / "tmp").mkdir()
    (folder / "home").mkdir()
    faults = "log,file,temporary,child,error,audit,state,upstream"
    around = {"PYTHONPATH": str(FAULTS), "CANARY_FAULTS": faults, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")}
    with recorder("good", secrets["completion"]) as good, patchbay(folder, is_loaded=False, **around) as server:
        journey = Journey(server, evidence, secrets, good, good)
        visit(journey)
        assert server.process
        evidence.add_processes("processes", server.process.pid)
        kept.files(evidence, server, folder, "while it runs")
        kept.upstreams(evidence, [good])
        evidence.add("output of the server", "log", server.printed())
        yield judge(evidence, [Canary(name, text) for name, text in secrets.items()], permits(journey.key_of)).leaks


def visit(journey: Journey) -> None:
    """An admin saves a provider, is refused once, opens a page; an application asks something."""
    journey.set_up()
    cookie, csrf = journey.sign_in("ada@example.org", journey.secrets["password of the admin"], "admin")
    with journey.client(cookie=f"__Host-pb={cookie}", **{"x-csrf-token": csrf, "sec-fetch-site": "same-origin"}) as api:
        issued = api.post("/api/v1/client-keys", json={"name": "app"}).json()["key"]
        journey.secrets["client key, gateway"] = issued.split("-", 2)[2]
        assert journey.create(api, "leaky", KEY, journey.good).status_code == 201
        journey.key_of[KEY] = journey.good.origin
        assert journey.create(api, "refused", KEY, journey.good).status_code == 422
        api.get("/api/v1/audit")
    asyncio.run(open_page(journey, cookie))
    with journey.client(authorization=f"Bearer {issued}") as app:
        assert app.post("/v1/chat/completions", json={"model": "leaky/m", "messages": []}).status_code == httpx.codes.OK


async def open_page(journey: Journey, cookie: str) -> None:
    session = f"{STATE}app___ui___session___session____session_state"
    async with tab(journey.server.url, cookie=cookie) as page:
        await page.fire(f"{STATE}hydrate")
        await page.fire(f"{session}.load")
        await page.wait(lambda: "ada@example.org" in json.dumps(page.updates))
        for update in page.updates:
            journey.evidence.add("frames to the browser", "frame", json.dumps(update))


@pytest.mark.parametrize(
    ("sink", "place", "canary"),
    [
        pytest.param("output of the server", "log", KEY, id="a line of the log"),
        pytest.param("data folder, while it runs", "debug.bin", KEY, id="a packed file in the data folder"),
        pytest.param("data folder, while it runs", "patchbay.db", KEY, id="the audit in the database"),
        pytest.param("temporary files", "tmp", KEY, id="a temporary file, in base64"),
        pytest.param("processes", "environment of sleep", KEY, id="the environment of a child"),
        pytest.param("answers of REST and forms", "POST /api/v1/providers 422", KEY, id="a piece in an error"),
        pytest.param("answers of REST and forms", "GET /api/v1/audit 200", KEY, id="the audit over REST, in hex"),
        pytest.param("frames to the browser", "frame", KEY, id="a var of the page"),
        pytest.param("upstreams", "http://127.0.0.1:", "client key, gateway", id="a client's key at a provider"),
    ],
)
def test_a_leak_is_found_and_named(leaks: list[Leak], sink: str, place: str, canary: str) -> None:
    found = [leak for leak in leaks if leak.sink == sink and place in leak.place and leak.canary == canary]

    assert found, [(leak.sink, leak.place, leak.canary) for leak in leaks]


def test_nothing_else_is_called_a_leak(leaks: list[Leak]) -> None:
    assert {leak.canary for leak in leaks} == {KEY, "client key, gateway"}
