"""A long way through the running product, then a search for every secret in everything it said, wrote or sent."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.canaries import kept
from tests.canaries.evidence import Evidence, Verdict, judge
from tests.canaries.journey import Journey
from tests.canaries.permits import permits
from tests.canaries.planted import planted
from tests.canaries.searcher import Canary
from tests.canaries.upstreams import WAYS, recorder
from tests.canaries.visitor import Visitor
from tests.fixtures.running import ROOT, patchbay

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FAULTS = Path(__file__).parent / "faults"
SEED = int(os.environ.get("CANARY_SEED", "20261121"))


def at_once(*jobs: Callable[[], Any]) -> None:
    """Commands of the shell side by side: their start is most of their time."""
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The journey and the search, done once for all tests of this file."""
    folder, started = tmp_path_factory.mktemp("canaries"), time.time()
    evidence, secrets = Evidence(), planted(SEED)
    for name in ("tmp", "home"):
        (folder / name).mkdir()
    surroundings = {
        "PATCHBAY_LOG_LEVEL": "DEBUG",
        "PYTHONPATH": str(FAULTS),
        "CANARY_FAULTS": "crash",
        "OPENAI_API_KEY": secrets["provider key, of the surroundings"],
        "PATCHBAY_SECRET_CANARY": secrets["provider key, of a variable"],
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"),
    }
    with (
        recorder("good", secrets["completion"]) as good,
        recorder("elsewhere", "") as elsewhere,
        recorder("hostile", "", hostile=True, elsewhere=elsewhere.origin) as hostile,
        patchbay(folder, is_loaded=False, **surroundings) as server,
    ):
        journey = Journey(server, evidence, secrets, good, hostile)
        journey.set_up()
        journey.sign_in_wrongly()
        journey.administer()
        at_once(
            journey.use,
            journey.operate,
            lambda: journey.probe("hostile", WAYS),
            lambda: journey.probe("hostile-odd", WAYS),
            lambda: [journey.probe(name, WAYS[:8]) for name in ("hostile-header", "hostile-native")],
            lambda: [journey.probe(name, ("good-small",)) for name in ("odd", "turned")],
        )
        with sync_playwright() as playwright:
            Visitor(journey, folder / "profile").visit(playwright)
        journey.look_as("vera@example.org", secrets["password of the viewer"], "viewer")
        assert server.process
        evidence.add_processes("processes", server.process.pid)
        kept.files(evidence, server, folder, "while it runs")
        server.stop()
        kept.files(evidence, server, folder, "after the end")
        journey.boot_with_a_wrong_key(folder / "other")
        kept.upstreams(evidence, [good, hostile, elsewhere])
        kept.made(server, secrets)
        evidence.add("output of the server", "log", server.printed())
    kept.program(evidence, ROOT, since=started)
    found = judge(evidence, [Canary(name, secret) for name, secret in secrets.items()], permits(journey.key_of))
    (folder / "sweep.txt").write_text(found.table(), "utf-8")
    if target := os.environ.get("CANARY_TABLE"):
        shutil.copy(folder / "sweep.txt", target)
    return found


def test_no_secret_is_anywhere_it_does_not_belong(verdict: Verdict) -> None:
    print(f"\n{verdict.table()}")

    assert verdict.leaks == [], verdict.table()


def test_every_sink_was_looked_into(verdict: Verdict) -> None:
    rows = {sink: (items, size) for sink, items, size, *_ in verdict.rows}

    assert rows.keys() >= kept.SINKS
    assert {sink for sink, (items, size) in rows.items() if not items or not size} == set()


def test_every_permitted_place_was_seen(verdict: Verdict) -> None:
    unused = [f"{permit.sink}: {permit.canary} ({permit.reason})" for permit in verdict.unused]

    assert unused == [], "\n".join(unused)
