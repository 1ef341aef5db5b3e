"""What is drawn keeps a few rules that no type holds, looked for in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ui import page
from app.ui.shell.location import NativeForm

ROOT = Path(__file__).parents[2]
UI = "app/ui"


def calls(text: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the name of what is called: `progress` of `rx.progress(…)`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def bare_bars(text: str) -> list[int]:
    """Lines with a progress bar of Radix, which complains about an end of 0."""
    return [call.lineno for name, call in calls(text) if name == "progress" and isinstance(call.func, ast.Attribute)]


def cut_off(text: str) -> list[int]:
    """Lines where a field swallows what is too long, or a handler cuts what was typed into a form, neither with a word."""
    swallowing = [call.lineno for _, call in calls(text) if any(k.arg in ("max_length", "maxLength") for k in call.keywords)]
    slices = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Slice)]
    return swallowing + [n.lineno for n in slices if any(getattr(part, "id", "") == "form" for part in ast.walk(n.value))]


def bubbles(text: str) -> list[int]:
    """Lines with a form that the browser checks and answers in its own words, whatever the reader's language."""
    forms = [call for name, call in calls(text) if name == "form" and ast.unparse(call.func) in ("rx.el.form", "rx.form")]
    return [call.lineno for call in forms if not any(k.arg == "no_validate" for k in call.keywords)]


def everywhere(rule: object, *, but: str = "") -> list[str]:
    """Where a rule is broken."""
    assert callable(rule)
    files = [file for file in sorted((ROOT / UI).rglob("*.py")) if file.relative_to(ROOT).as_posix() != but]
    return [f"{file.relative_to(ROOT)}:{line}" for file in files for line in rule(file.read_text("utf-8"))]


def test_a_bar_never_ends_at_nothing() -> None:
    assert everywhere(bare_bars, but="app/ui/kit/progress.py") == []


def test_nothing_typed_is_cut_without_a_word() -> None:
    assert everywhere(cut_off) == []


def test_no_form_leaves_its_errors_to_the_browser() -> None:
    assert everywhere(bubbles) == []
    assert "noValidate" in str(NativeForm.create(action="/x", method="post"))


def test_a_page_about_one_thing_names_it_in_its_title() -> None:
    assert [entry.route for entry in page.pages() if "[" in entry.route and entry.subject is None] == []


@pytest.mark.parametrize(
    ("rule", "text", "found"),
    [
        pytest.param(bare_bars, "rx.progress(value=1, max=n)", [1], id="bar"),
        pytest.param(bare_bars, "progress(done, total)", [], id="our bar"),
        pytest.param(cut_off, "rx.input(max_length=80)", [1], id="field"),
        pytest.param(cut_off, "label = form.get('label', '').strip()[:80]", [1], id="slice"),
        pytest.param(cut_off, "names[:5]", [], id="list"),
        pytest.param(bubbles, "rx.el.form(on_submit=x)", [1], id="form"),
        pytest.param(bubbles, "rx.form(no_validate=True)", [], id="our form"),
    ],
)
def test_a_planted_breach_is_found(rule: object, text: str, found: list[int]) -> None:
    assert callable(rule)
    assert rule(text) == found
