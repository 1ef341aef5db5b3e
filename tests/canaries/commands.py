"""Runs commands of the shell one after the other in one process: starting Python takes longer than what most of them do.

`python -m tests.canaries.commands`: a JSON list of {words, stdin} on stdin, a JSON list of {code, out, err} on stdout.
"""

import contextlib
import io
import json
import os
import sys
from typing import Any

from app import settings
from app.cli import commands
from app.vault import ring


def run(words: list[str], stdin: str) -> dict[str, Any]:
    """One call of `patchbay`, as if in a process of its own."""
    before, out, err = dict(os.environ), io.StringIO(), io.StringIO()
    sys.argv, sys.stdin, code = ["patchbay", *words], io.StringIO(stdin), 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            commands.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        ring.install(None)
        os.environ.clear()
        os.environ.update(before)
        settings.current.cache_clear()
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps([run(each["words"], each["stdin"]) for each in asked]))
