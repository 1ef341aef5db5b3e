"""What a failed build was about: the sentence that its output has somewhere in a traceback."""

import re
from collections.abc import Iterator
from pathlib import Path

_RAISED = re.compile(r"^(?P<kind>(?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?:: (?P<text>.*))?$")
_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_LISTED = re.compile(r"^\S+:\d+: ")  # one of several mistakes that one error names
_TRACEBACK = "Traceback (most recent call last):"
_LISTING = ("app.languages.BadLanguage", "app.ui.i18n.UnknownWord")  # errors that name every mistake there is
# Where our errors are raised, not where the mistake is.
_TELLERS = ("app/presets.py", "app/languages/__init__.py", "app/ui/i18n/__init__.py")


def cause(output: str, root: Path) -> str:
    """The mistake as one sentence with its place, or several, one a line. "" when no traceback names one: then the output itself has to
    be read."""
    found = ""
    listing = ""
    place = ""
    is_inside = False
    for line in output.splitlines():
        if line.startswith(_TRACEBACK):
            is_inside, place, listing = True, "", ""
        elif listing and _LISTED.match(line):
            found += f"\n{_told(listing, line, '')}"
        elif is_inside and (frame := _FRAME.match(line)):
            place = next(_own(frame["file"], frame["line"], root), place)
        elif is_inside and (raised := _RAISED.match(line)):
            found, is_inside = _told(raised["kind"], raised["text"] or "", place), False
            listing = raised["kind"] if raised["kind"] in _LISTING else ""
    return found


def _own(file: str, line: str, root: Path) -> Iterator[str]:
    """The place, when it is in a file of ours that may hold the mistake."""
    path = Path(file)
    if path.is_relative_to(root) and not path.is_relative_to(root / ".venv") and not path.is_relative_to(root / ".cache"):
        name = path.relative_to(root).as_posix()
        if name not in _TELLERS:
            yield f"{name}:{line}"


def _told(kind: str, text: str, place: str) -> str:
    text = text.strip("'\"")
    if kind in ("app.presets.BadPreset", "app.languages.BadLanguage"):
        folder = "presets" if kind.endswith("Preset") else "app/languages"
        return f"{folder}/{text}"
    if kind in _LISTING:
        return text  # names its places itself
    said = text if kind.startswith("app.") else ": ".join(part for part in (kind.rpartition(".")[2], text) if part)
    return f"{place}: {said}" if place else said
