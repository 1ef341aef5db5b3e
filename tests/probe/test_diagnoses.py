"""Findings are declared in one file each topic: a stranger's file is found, and what is wrong with any of them is said, all of it."""

import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.error_kind import ErrorKind
from app.domain.errors import Failed, Refused, UpstreamError
from app.domain.probes.probe import FixAction, ProbeError, ProbeResult, StepName, Verdict
from app.probe import diagnoses, messages, runner
from app.probe.diagnoses._checked import BadFinding, Declared, checked
from app.probe.finding import Cause, Finding, Fix, Met
from app.ui import i18n
from app.ui.probe.run import Run, finished
from tests.fixtures import make
from tests.fixtures.upstream import Upstream, answer

pytestmark = pytest.mark.usefixtures("vault", "outgoing")


def example() -> str:
    """The file that the package shows how to write."""
    written = inspect.getdoc(diagnoses) or ""
    lines = written.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("    from "))
    last = next(n for n, line in enumerate(lines) if line == "    )")
    return textwrap.dedent("\n".join(lines[first : last + 1]))


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file beside ours that nothing else knows: the example, under a name of its own, nearer than whatever else may be refused."""
    rivals = tuple(f.code for f in diagnoses.all_().values() if any(cause.error is Refused and cause.when for cause in f.causes))
    text = example().replace("wrong_region", "planted_region").replace('("key_required",)', repr(rivals))
    (tmp_path / "stranger.py").write_text(text, "utf-8")
    monkeypatch.setattr(diagnoses, "__path__", [*diagnoses.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    diagnoses._read.cache_clear()
    i18n.catalogues.cache_clear()  # its words come along
    yield
    sys.modules.pop(f"{diagnoses.__name__}.stranger", None)
    vars(diagnoses).pop("stranger", None)
    diagnoses._read.cache_clear()
    i18n.catalogues.cache_clear()


@pytest.mark.usefixtures("stranger")
async def test_a_strangers_finding_is_told_with_its_button_in_every_language(upstream: Upstream) -> None:
    upstream.on("/models", answer(401, {"error": {"message": "No such account in this region"}}))
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)

    result = [step async for step in runner.run(endpoint, depth="models")][-1]

    assert isinstance(result, ProbeResult)
    assert result.error is not None
    assert (result.error.code, result.verdict) == ("planted_region", Verdict.AUTH_FAILED)
    assert (result.steps[-1].name, result.steps[-1].message) == (StepName.CREDENTIAL, "planted_region")
    sentence = f"The key belongs to another region than {upstream.host}. Use the address of its own region."
    assert result.error.message == sentence
    assert result.error.fix is not None
    fix = result.error.fix
    assert (fix.action, fix.value) == (FixAction.CHANGE_ADDRESS, f"{upstream.base_url}/eu")
    assert fix.label == "Use the region EU"
    assert ProbeResult.model_validate_json(result.model_dump_json()) == result
    for language in i18n.languages():
        drawn = finished(Run(), result, language)
        assert (drawn.sentence, drawn.lines[-1].text) == (sentence, sentence)
        assert (drawn.fix, drawn.fix_value, drawn.fix_label) == ("change_address", f"{upstream.base_url}/eu", fix.label)


@pytest.mark.usefixtures("stranger")
async def test_what_it_does_not_claim_is_told_as_before(upstream: Upstream) -> None:
    upstream.on("/models", answer(401, {"error": {"message": "no"}}))
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)

    result = [step async for step in runner.run(endpoint, depth="models")][-1]

    assert isinstance(result, ProbeResult)
    assert (result.error and result.error.code, finished(Run(), result, "en").fix_label) == ("key_refused", "")


async def test_a_stored_result_with_a_finding_that_is_gone_can_be_read_and_shown(upstream: Upstream) -> None:
    """Its file was taken away since."""
    found = [step async for step in runner.run(make.endpoint("http://8.8.8.8/v1", secret=make.SECRET))][-1]
    assert isinstance(found, ProbeResult)
    stored = found.model_dump_json().replace("key_in_clear", "of_a_stranger")

    result = ProbeResult.model_validate_json(stored)

    assert result.error is not None
    assert finished(Run(), result, "vi").sentence == result.error.message
    assert messages.sentence("of_a_stranger", {}) == "of_a_stranger"


def test_a_code_is_a_word_and_no_text() -> None:
    with pytest.raises(ValueError, match="pattern"):
        ProbeError(code="Not a code", message="x")


# Each row is wrong in one way; `GENERAL` is what every set of declarations needs.
GENERAL = Finding(code="any_error", sentence="Something failed.", causes=(Cause(UpstreamError),))
GOOD = Finding(code="one", sentence="The {host} is wrong.", facts=("host",), causes=(Cause(Refused, when=bool),))
ALIKE = {"sentence": "x"}


def wrong_with(*findings: Finding) -> str:
    with pytest.raises(BadFinding) as caught:
        checked([Declared("ours", (GENERAL, GOOD)), Declared("stranger", findings)])
    return str(caught.value).replace("app/probe/diagnoses/", "")


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        pytest.param(replace(GOOD, causes=()), "stranger.py: one: ours.py declares this code too", id="code twice"),
        pytest.param(Finding(code="Two words", **ALIKE), "a code is made of lowercase letters", id="no code"),
        pytest.param(Finding(code="unknown", **ALIKE), "stranger.py: unknown: this code is reserved", id="reserved"),
        pytest.param(Finding(code="two"), "stranger.py: two: it has no sentence", id="no sentence"),
        pytest.param(Finding(code="two", sentence="At {place"), "stranger.py: two: the sentence cannot be read", id="open brace"),
        pytest.param(
            Finding(code="two", sentence="{host} is not {place}.", facts=("host",)),
            "stranger.py: two: the sentence names {place}, which is not among its facts",
            id="a fact nobody tells",
        ),
        pytest.param(
            Finding(code="two", fix=Fix(FixAction.USE_HTTPS), **ALIKE), "two: its fix use_https needs a value", id="nothing to put in"
        ),
        pytest.param(
            Finding(code="two", fix=Fix(FixAction.RAISE_LIMIT, lambda *_: "10", limit="patience"), **ALIKE),
            "two: a fix that raises a limit, and no other, names it: one of connect_seconds",
            id="no such limit",
        ),
        pytest.param(
            Finding(code="two", causes=(Cause(UpstreamError),), **ALIKE),
            "two: any_error claims UpstreamError too: give one of them a kind or a condition",
            id="an error claimed twice",
        ),
        pytest.param(
            Finding(code="two", causes=(Cause(Refused, when=bool),), **ALIKE),
            "two: one has a condition for Refused too: say in `over` which of them is the nearer explanation",
            id="two conditions",
        ),
        pytest.param(
            Finding(code="two", causes=(Cause(Refused, ErrorKind.KEY, when=bool, over=("one",)),), **ALIKE),
            "two: it is declared nearer than one, which has no condition for Refused key",
            id="nearer than what is elsewhere",
        ),
    ],
)
def test_a_bad_declaration_is_named_by_file_and_code(declared: Finding, why: str) -> None:
    assert why in wrong_with(declared)


def test_everything_that_is_wrong_is_said_at_the_same_time() -> None:
    found = wrong_with(Finding(code="two"), Finding(code="three", sentence="{gone}"), replace(GOOD, sentence="x", causes=()))

    assert [line.rpartition(": ")[0] for line in found.splitlines()] == ["stranger.py: two", "stranger.py: three", "stranger.py: one"]


def test_a_circle_of_nearer_explanations_is_none() -> None:
    there = Finding(code="two", causes=(Cause(Failed, when=bool, over=("three",)),), **ALIKE)
    back = Finding(code="three", causes=(Cause(Failed, when=bool, over=("two",)),), **ALIKE)

    assert "three: two has a condition for Failed too" in wrong_with(there, back)


def test_a_file_without_a_finding_and_errors_that_nothing_claims_are_named() -> None:
    with pytest.raises(BadFinding) as caught:
        checked([Declared("empty", ())])

    assert str(caught.value).splitlines() == [
        "app/probe/diagnoses/empty.py: it declares no finding",
        "app/probe/diagnoses: nothing claims UpstreamError, so an error could mean nothing at all",
    ]


def test_the_nearest_explanation_is_asked_first_wherever_it_is_declared() -> None:
    """Class, then kind, then condition; among conditions what the declarations say, directly or by way of each other."""
    always = {"when": lambda met: True}
    general = Finding(code="general", causes=(Cause(Failed, **always),), **ALIKE)
    near = Finding(code="near", causes=(Cause(Failed, over=("general",), **always),), **ALIKE)
    nearest = Finding(code="nearest", causes=(Cause(Failed, over=("near",), **always),), **ALIKE)
    plain = Finding(code="plain", causes=(Cause(Failed),), **ALIKE)

    _, claims = checked([Declared("a", (plain, general, nearest)), Declared("b", (GENERAL, near))])

    assert [finding.code for _, finding in claims[Failed, None]] == ["nearest", "near", "general", "plain"]


def test_an_error_of_every_class_means_something() -> None:
    def classes(kind: type[UpstreamError]) -> Iterator[type[UpstreamError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from classes(child)

    endpoint = make.endpoint("https://models.example/v1")
    details = {"reason": "reserved", "limit": "idle"}
    met = [Met(kind("x", details=details), endpoint, StepName.CHAT, "m") for kind in classes(UpstreamError)]

    assert {diagnoses.of(one).code for one in met} <= set(diagnoses.all_())
