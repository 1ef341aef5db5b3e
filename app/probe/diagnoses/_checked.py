"""What is wrong with declarations of findings, all of it at a time; and which of them claims an error."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from string import Formatter

from pydantic import TypeAdapter, ValidationError

from app.domain.errors import UpstreamError
from app.domain.probes.probe import FindingCode, FixAction
from app.domain.providers.provider import MOST_SECONDS
from app.probe.finding import Cause, Finding

Claim = tuple[type, StrEnum | None]
Claims = dict[Claim, list[tuple[Cause, Finding]]]
"""Class of error and its kind → who claims them, the nearest explanation first."""

_CODE = TypeAdapter(FindingCode)
_TAKEN = frozenset({"unknown"})  # what pages say of a code that nobody declares
# The person does these, or has nothing left to choose; every other action puts a value in.
_WITHOUT_VALUE = frozenset({FixAction.REPLACE_KEY, FixAction.ADD_KEY, FixAction.CHOOSE_MODEL, FixAction.TEST_CHAT})


class BadFinding(ValueError):
    """Declarations that cannot be used. The text has one line for each thing that is wrong: file, code, what it is."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file declares. `file` is its name without `.py`."""

    file: str
    findings: tuple[Finding, ...]


def checked(files: list[Declared]) -> tuple[dict[str, Finding], Claims]:
    """Code → finding, and who claims which error. Raises `BadFinding`."""
    wrong = [f"app/probe/diagnoses/{file.file}.py: it declares no finding" for file in files if not file.findings]
    places: dict[int, str] = {}  # by identity: codes may be there twice
    found: dict[str, Finding] = {}
    for file in files:
        for finding in file.findings:
            place = places[id(finding)] = f"app/probe/diagnoses/{file.file}.py: {finding.code or 'a finding'}"
            wrong += [f"{place}: {why}" for why in _misfits(finding)]
            if (other := found.setdefault(finding.code, finding)) is not finding:
                wrong.append(f"{place}: {places[id(other)].rpartition(': ')[0]} declares this code too")
    claims = _claims(finding for file in files for finding in file.findings)
    for claimed, claimants in claims.items():
        wrong += [f"{places[id(finding)]}: {why}" for finding, why in _rivals(claimed, claimants)]
    if (UpstreamError, None) not in claims:
        wrong.append("app/probe/diagnoses: nothing claims UpstreamError, so an error could mean nothing at all")
    if wrong:
        raise BadFinding("\n".join(wrong))
    return found, claims


def _misfits(finding: Finding) -> Iterator[str]:
    """What is wrong with one declaration by itself."""
    try:
        _CODE.validate_python(finding.code)
    except ValidationError:
        yield "a code is made of lowercase letters, digits and underscores, begins with a letter and has at most 60 of them"
    if finding.code in _TAKEN:
        yield "this code is reserved"
    try:
        holes = {name for _, name, _, _ in Formatter().parse(finding.sentence) if name is not None}
    except ValueError as error:
        yield f"the sentence cannot be read: {error}"
    else:
        if not finding.sentence.strip():
            yield "it has no sentence"
        if unknown := sorted(holes - set(finding.facts)):
            yield f"the sentence names {_braced(unknown)}, which is not among its facts"
    fix = finding.fix
    if fix and fix.value is None and fix.action not in _WITHOUT_VALUE:
        yield f"its fix {fix.action} needs a value"
    if fix and (fix.action is FixAction.RAISE_LIMIT) != (fix.limit in MOST_SECONDS):
        yield f"a fix that raises a limit, and no other, names it: one of {', '.join(MOST_SECONDS)}"


def _claims(findings: Iterable[Finding]) -> Claims:
    """Who claims what, the nearest explanation first."""
    claims: Claims = {}
    for finding in findings:
        for cause in finding.causes:
            claims.setdefault((cause.error, cause.kind), []).append((cause, finding))
    return {claimed: _in_order(claimants) for claimed, claimants in claims.items()}


def _in_order(claimants: list[tuple[Cause, Finding]]) -> list[tuple[Cause, Finding]]:
    """Who is nearer than most others comes first, who asks no condition last."""
    return sorted(claimants, key=lambda claim: (claim[0].when is None, -len(_below(claim[1].code, claimants))))


def _rivals(claimed: Claim, claimants: list[tuple[Cause, Finding]]) -> Iterator[tuple[Finding, str]]:
    """Claims to the same thing of which nothing says which is the nearer explanation."""
    what = " ".join(part for part in (claimed[0].__name__, claimed[1] or "") if part)
    codes = {finding.code for cause, finding in claimants if cause.when}
    for cause, finding in claimants:
        if stray := sorted(set(cause.over) - codes):
            yield finding, f"it is declared nearer than {', '.join(stray)}, which has no condition for {what}"
    for (one, finding), (two, other) in combinations(claimants, 2):
        if finding is other or (one.when is None) != (two.when is None):
            continue
        if one.when is None:
            yield other, f"{finding.code} claims {what} too: give one of them a kind or a condition"
        elif (other.code in _below(finding.code, claimants)) == (finding.code in _below(other.code, claimants)):
            yield other, f"{finding.code} has a condition for {what} too: say in `over` which of them is the nearer explanation"


def _below(code: str, claimants: list[tuple[Cause, Finding]]) -> set[str]:
    """The codes that a finding is nearer than, by itself or because one of those is."""
    over: dict[str, set[str]] = {}
    for cause, finding in claimants:
        over.setdefault(finding.code, set()).update(cause.over)
    below, ahead = set[str](), {code}
    while ahead:
        ahead = {further for known in ahead for further in over.get(known, ())} - below
        below |= ahead
    return below


def _braced(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
