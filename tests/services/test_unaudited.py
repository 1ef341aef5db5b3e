"""What is written without an audit entry is a closed list; everything else `work()` refuses."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Service function → why nobody needs to be asked who did it.
UNAUDITED = {
    "key_recovery._postpone": "only the time of the next trial; that the key is out has an entry",
    "key_recovery._try": "claims a trial; what it finds has an entry",
    "key_recovery._write_uses": "being used is no change of a key",
    "health._write": "that a provider was called is no decision",
    "heartbeats.stop": "a process that ends is no decision",
    "heartbeats._beat": "being alive is no decision, forgetting what ended neither",
    "key_use._write": "being used is no change of a key",
    "master_key._pass": "a batch of a run that has one entry with its counts",
    "people.change_password": "counts the attempt; a failure and the change have entries",
    "recording._prune": "what is kept for how long is written down",
    "recording._write": "being used is no change of anything",
    "sessions._admit": "counts the attempt; failure and success have entries",
    "sessions._seen": "being there is no decision",
}


def unaudited(folder: Path) -> set[str]:
    """module.function for every `work(…, audited=False)` below `folder`."""
    found = set()
    for file in folder.rglob("*.py"):
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                calls = [call for call in ast.walk(function) if isinstance(call, ast.Call)]
                if any(word.arg == "audited" for call in calls for word in call.keywords):
                    found.add(f"{file.stem}.{function.name}")
    return found


def test_nothing_else_is_written_without_an_entry() -> None:
    assert unaudited(ROOT / "app") - {"work.work"} == set(UNAUDITED)


def test_a_new_exception_is_caught(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("async def quietly():\n    async with work(actor, audited=False):\n        pass\n")

    assert unaudited(tmp_path) == {"planted.quietly"}
