"""Import contracts hold, and each of them bites."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

# Contract name → file and the import that must break it.
PLANTS = {
    "Imports go down the floors only": ("app/domain/names.py", "import app.services"),
    "In the console imports go from pages to what they share": ("app/ui/kit/field.py", "from app.ui.session import live"),
    "A service never calls a service (one call, one transaction)": ("app/services/models.py", "from app.services import providers"),
    "An auth type knows no other": ("app/upstream/auth/none.py", "from app.upstream.auth import api_key"),
    "A file of findings knows no other": ("app/probe/diagnoses/token.py", "from app.probe.diagnoses import limits"),
    "A page knows no other": ("app/ui/pages/login.py", "from app.ui.pages import setup"),
    "Only upstream opens a secret": ("app/services/providers/saving.py", "import app.vault.open"),
    "Only services seal": ("app/registry/live.py", "import app.vault.envelope"),
    "The gateway knows neither services nor storage": ("app/gateway/errors.py", "import app.storage.database.engine"),
    "Reflex is a UI detail": ("app/api/guard.py", "import reflex"),
    "The domain knows no framework": ("app/domain/ids.py", "import sqlmodel"),
    "SQL lives in storage": ("app/services/audit.py", "import sqlalchemy"),
    "Outgoing HTTP lives in upstream": ("app/services/probes/single.py", "import aiohttp"),
    "LiteLLM lives in the translator": ("app/upstream/session.py", "import litellm"),
    "The translator knows the way out and nothing else of the house": ("app/translator/chat.py", "import app.vault.ring"),
    "Incoming HTTP lives at the edges": ("app/upstream/session.py", "import starlette"),
}


def verdicts(root: Path) -> dict[str, str]:
    """Contract name → KEPT or BROKEN, as import-linter prints them."""
    run = subprocess.run([LINT, "--no-cache"], cwd=root, capture_output=True, text=True, timeout=100, check=False)
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)", run.stdout, re.MULTILINE))
    assert found, run.stdout + run.stderr
    return found


def test_every_import_contract_holds() -> None:
    assert {name for name, verdict in verdicts(ROOT).items() if verdict != "KEPT"} == set()


def test_every_import_contract_catches_a_planted_import(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("_frontend", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in PLANTS.values():
        with (tmp_path / file).open("a") as module:
            module.write(f"\n{line}\n")

    found = verdicts(tmp_path)

    assert set(found) == set(PLANTS), "every contract has its planted import here"
    assert {name for name, verdict in found.items() if verdict != "BROKEN"} == set()


def test_a_service_in_the_kernel_below_the_services_breaks_the_same_contract(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("_frontend", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "app/services/kernel/lookup.py").open("a") as module:
        module.write("\nfrom app.services import providers\n")

    broken = {name for name, verdict in verdicts(tmp_path).items() if verdict == "BROKEN"}

    assert broken == {"A service never calls a service (one call, one transaction)"}
