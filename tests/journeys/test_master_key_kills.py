"""kill -9 at any moment of a rotation: every secret opens, one key is active, the audit verifies, and asking again finishes it."""

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures import mortal, sealed

KILLS = int(os.environ.get("KILLS", "200"))
BEGINS = "services/master_key.py"
STEPS = ("create", "activate", "rewrap", "retire")


async def test_a_rotation_that_is_killed_loses_nothing_and_is_finished_by_asking_again(tmp_path: Path) -> None:
    assert await _kill(tmp_path / "data", kills=5, providers=2, each=110) == 5


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_rotations_that_are_killed_again_and_again_lose_nothing(tmp_path: Path) -> None:
    assert await _kill(tmp_path / "data", kills=KILLS, providers=5, each=120) == KILLS


async def _kill(data: Path, *, kills: int, providers: int, each: int) -> int:
    """Kill steps of rotations at random calls, look after each, finish; returns how many were killed in their work."""
    chance = random.Random(1_863)  # noqa: S311 - a seed, so that a failure can be repeated
    await sealed.furnish(data, providers=providers, each=each)
    lasts = {step: _finish(data, step) for step in STEPS}  # calls of a whole step
    killed = 0
    while killed < kills:
        step = _next(data)
        point = chance.randint(1, lasts[step])
        code, _ = mortal.run("master-key", step, data_dir=data, begins=BEGINS, dies_after=point)
        assert code in (0, -9), f"{step} killed at call {point}: exit code {code}"
        killed += code == -9
        assert await sealed.unsound(data, expected=providers * each) == [], f"after {step} was killed at call {point}"
        if chance.random() < 0.5:
            _finish(data, _next(data))
    while (step := _next(data)) != "create":
        _finish(data, step)
    assert await sealed.unsound(data, expected=providers * each) == []
    assert [path.name for path in (data / "keys").iterdir()] == ["master.key"], "nothing that a killed command left behind"
    return killed


def _finish(data: Path, step: str) -> int:
    code, calls = mortal.run("master-key", step, data_dir=data, begins=BEGINS)
    assert code == 0, step
    return calls


def _next(data: Path) -> str:
    """What an operator would do, going by `master-key list`."""
    with closing(sqlite3.connect(data / "patchbay.db")) as connection:
        known = connection.execute("SELECT kid, state FROM crypto_key").fetchall()
        states = {state: kid for kid, state in known}
        (left,) = connection.execute(
            "SELECT sum(c) FROM (SELECT count(*) AS c FROM credential_secret WHERE value NOT LIKE 's1.' || ? || '.%'"
            " UNION ALL SELECT count(*) FROM system_secret WHERE value NOT LIKE 's1.' || ? || '.%')",
            [states["active"]] * 2,
        ).fetchone()
    if "staged" in states:
        return "activate"
    if left:
        return "rewrap"
    retired = {kid for kid, state in known if state == "retired"}
    return "retire" if "decrypt_only" in states or retired & set(sealed.in_file(data)) else "create"
