"""A random walk over the console: nothing that a person could do in it leads to what an oracle finds.

`WALK_STEPS` steps in all (5,000), in slices of `WALK_SLICE` (500), each on an empty data folder with a seed of its own from `WALK_SEED`
(1) on. A finding tells its seed and the steps that led to it; `WALK_TELLS=1` tells every step.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.fixtures import chromium
from tests.walk.house import house
from tests.walk.walker import walk

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.timeout(1_800)]

STEPS = int(os.environ.get("WALK_STEPS", "5000"))
SLICE = min(int(os.environ.get("WALK_SLICE", "500")), STEPS)
FIRST = int(os.environ.get("WALK_SEED", "1"))


@pytest.mark.parametrize("seed", [str(FIRST + number) for number in range(-(-STEPS // SLICE))])
def test_a_random_walk_finds_nothing(seed: str, tmp_path: Path) -> None:
    print(f"seed {seed}, {SLICE} steps")
    with house(tmp_path) as opened, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.QUIET)
        with walk(seed, opened, browser, tmp_path) as walking:
            found = walking.run(SLICE)
        browser.close()
    (tmp_path / "trace.txt").write_text("\n".join(walking.trace), "utf-8")
    assert not found, "\n\n".join(str(finding) for finding in found)
