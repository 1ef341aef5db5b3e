"""What a test can find, by topic: each finding is declared once, with all that is to be known of it (`app.probe.finding`).

A file that is put here is found; no other has to know it. Its findings are its public names:

    from app.domain.errors import Refused
    from app.domain.probes.probe import FixAction, Verdict
    from app.probe.finding import Cause, Finding, Fix

    WRONG_REGION = Finding(
        code="wrong_region",
        verdict=Verdict.AUTH_FAILED,
        sentence="The key belongs to another region than {host}. Use the address of its own region.",
        facts=("host",),
        causes=(Cause(Refused, when=lambda met: "region" in met.error.detail, over=("key_required",)),),
        fix=Fix(FixAction.CHANGE_ADDRESS, lambda facts, endpoint: f"{endpoint.base_url}/eu", label="Use the region EU"),
    )

Its texts in other languages are `probe.wrong_region` in their files, and `step.wrong_region` for a title of its own; without them its
English sentence is shown.
"""

from collections.abc import Mapping
from functools import cache

from app import folder
from app.domain.errors import UpstreamError
from app.probe.diagnoses._checked import Claims, Declared, checked
from app.probe.finding import Finding, Met, kind_of


def all_() -> Mapping[str, Finding]:
    """Code → finding, of every file. Raises `BadFinding`, which names everything that is wrong with any of them."""
    return _read()[0]


def find(code: str) -> Finding | None:
    """The finding of a code; None for one that is stored and declared no more."""
    return all_().get(code)


def of(met: Met) -> Finding:
    """What an error means where it was met: the nearest explanation of those that are declared."""
    claims, kind = _read()[1], kind_of(met.error)
    for error in type(met.error).__mro__:
        for claimed in (kind, None) if kind else (None,):
            for cause, finding in claims.get((error, claimed), ()):
                if cause.when is None or cause.when(met):
                    return finding
    raise TypeError(f"{type(met.error).__name__} is no {UpstreamError.__name__}")  # each of those is claimed


def sentences() -> dict[str, str]:
    """Code → its sentence in English, with {holes}: what a page says where no language has a text for it."""
    return {finding.code: finding.sentence for finding in all_().values()}


def labels() -> dict[str, str]:
    """Code → the English text of its button, for those findings whose fix has a text of its own."""
    return {finding.code: finding.fix.label for finding in all_().values() if finding.fix and finding.fix.label}


def limit_of(code: str) -> str:
    """The field of `Network` with the limit that a finding says was met, "" for any other finding."""
    finding = find(code)
    return finding.fix.limit if finding and finding.fix else ""


@cache
def _read() -> tuple[dict[str, Finding], Claims]:
    modules = folder.load(__name__)
    return checked(
        [
            Declared(
                name, tuple(value for known, value in vars(module).items() if not known.startswith("_") and isinstance(value, Finding))
            )
            for name, module in modules.items()
        ]
    )
