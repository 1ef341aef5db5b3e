"""The machine is lost; there is a backup of the database and the recovery kit. The kit's own commands bring everything back."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from app.domain.actor import SYSTEM, Role
from app.domain.people.people import acting
from app.domain.secret import Secret
from app.services import people, recovery, sessions
from tests.fixtures import sealed

PASSWORD = Secret("seven green bicycles sing")


async def test_a_kit_and_a_copied_database_bring_everything_back(tmp_path: Path) -> None:
    lost, found = tmp_path / "lost", tmp_path / "another machine"
    found.mkdir()
    await sealed.furnish(lost, providers=1, each=3)
    async with sealed.at_home(lost):
        await people.create(SYSTEM, "ada@example.com", "Ada", Role.ADMIN, PASSWORD)
        session = (await sessions.sign_in("ada@example.com", PASSWORD, ip="127.0.0.1", agent="test")).session
        await sessions.confirm(acting(session.user), session, PASSWORD)
        kit = (await recovery.issue(acting(session.user), session, language="vi", address="http://127.0.0.1:8700")).text.reveal()
    (write,) = re.findall(r"^mkdir -p .*?^\)$", kit, re.MULTILINE | re.DOTALL)
    (look,) = re.findall(r"^patchbay master-key list .*$", kit, re.MULTILINE)

    _shell(write, found)
    shutil.copy(lost / "patchbay.db", found / "data" / "patchbay.db")
    shutil.rmtree(lost)
    shown = _shell(look, found)

    assert re.search(r"active +loaded +6", shown)
    assert await sealed.unsound(found / "data", expected=3) == []


def _shell(commands: str, folder: Path) -> str:
    """What a person pastes into a shell in that folder."""
    around = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(["sh", "-ec", commands], cwd=folder, env=around, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
