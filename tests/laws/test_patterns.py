"""No text, whoever sent it, makes a regular expression work longer than its length: strangers, providers and people paste what they like.

The work is counted and not timed (`tests/fixtures/regex_steps.py`): four times the text may take four times the steps and a little more.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import app
from app import presets
from app.domain.pasting import paste_reader
from app.domain.providers.preset import Preset
from tests.fixtures.regex_steps import TooMany, attacks, steps

ROOT = Path(__file__).parents[2]
METHODS = "search|match|fullmatch|sub|subn|findall|finditer|split"
SHORT = 120  # characters; four times as many take a quadratic pattern sixteen times as long
# They read what the build has just written, and nobody else's text.
OWN_TEXT = ("app.ui.build.plugins.",)
# A pattern that is put together where it is used: it stands here with all that it can become.
PUT_TOGETHER = {
    "app.domain.pasting.paste_reader": 1,  # `pattern_of`, below with every preset
    "app.services.discovery": 1,  # fingerprints, below with every preset
    "app.presets": 1,  # the name of a field in the text of a preset: files of the operator's own
}


def modules() -> Iterator[str]:
    """Every module of the product that can be imported without starting anything."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__") and "_frontend" not in module.name and not module.name.startswith(OWN_TEXT):
            yield module.name


def held(value: object, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value, in what it holds too."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list, set, frozenset, dict)) and depth:
        for inner in [*value.values()] if isinstance(value, dict) else value:
            yield from held(inner, depth - 1)


def way(source: str, name: str) -> str:
    """How a module uses a pattern of this name: `fullmatch` or `match` when it is used in no other way, else `sub`, the most expensive."""
    ways = set(re.findall(rf"\b{name}\.({METHODS})\(", source))
    elsewhere = len(re.findall(rf"\b{name}\b", source)) - len(re.findall(rf"\b{name}\.(?:{METHODS})\(", source)) - 1
    if elsewhere or not ways or not ways <= {"match", "fullmatch"}:
        return "sub"
    return "match" if "match" in ways else "fullmatch"


def inline(source: str) -> Iterator[tuple[str, str | bytes | None, int]]:
    """(method, pattern or None when it is put together there, flags) of every `re.search(…)` and the like."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[first, *_]) if re.fullmatch(METHODS, method):
                text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str | bytes) else None
                yield method, text, re.IGNORECASE if "re.IGNORECASE" in ast.unparse(node) else 0


@lru_cache(1)
def patterns() -> dict[tuple[str | bytes, int], tuple[str, re.Pattern[Any], str]]:
    """Every pattern of the product: (where it stands, itself, how it is used)."""
    found: dict[tuple[str | bytes, int], tuple[str, re.Pattern[Any], str]] = {}
    together: dict[str, int] = {}
    for name in modules():
        module = importlib.import_module(name)
        source = Path(str(module.__file__)).read_text("utf-8")
        for variable, value in vars(module).items():
            is_here = re.search(rf"^{variable}\b[^\n]*=", source, re.MULTILINE)
            for pattern in held(value) if is_here else ():
                used = way(source, variable) if isinstance(value, re.Pattern) else "sub"
                found.setdefault((pattern.pattern, pattern.flags), (f"{name}.{variable}", pattern, used))
        for method, text, flags in inline(source):
            if text is None:
                together[name] = together.get(name, 0) + 1
            else:
                pattern = re.compile(text, flags)
                used = method if method in ("match", "fullmatch") else "sub"
                found.setdefault((pattern.pattern, pattern.flags), (f"{name}: {text!r}", pattern, used))
    assert together == PUT_TOGETHER
    return found


def slow(pattern: re.Pattern[Any], used: str = "sub") -> list[str]:
    """The texts that make a pattern work longer than their length."""
    found = []
    for head, part in dict.fromkeys(attacks(pattern)):
        short, long = (head + part * (times * SHORT // len(part) + 1) + "\0" for times in (1, 4))
        try:
            steps(pattern, long, int(5.5 * steps(pattern, short, 50_000, way=used)) + 600, way=used)
        except TooMany:
            found.append(f"{head!r} + {part!r} × n")
    return found


def broken(name: str) -> list[str]:
    return [
        f"{where} {pattern.pattern!r}: {text}"
        for where, pattern, used in patterns().values()
        if where.startswith(name)
        for text in islice(slow(pattern, used), 3)
    ]


@pytest.mark.parametrize("room", sorted({name.split(".")[1] for name in modules()}))
def test_every_pattern_takes_linear_time(room: str) -> None:
    assert broken(f"app.{room}") == []


def test_all_of_them_are_looked_at() -> None:
    assert len(patterns()) > 80


@pytest.mark.parametrize("preset", [pytest.param(preset, id=preset.id) for preset in presets.all_()])
def test_what_presets_make_takes_linear_time(preset: Preset) -> None:
    assert slow(re.compile(paste_reader.pattern_of(preset.base_url)), "match") == []
    assert slow(re.compile(preset.fingerprint.pattern if preset.fingerprint else "x")) == []


@pytest.mark.parametrize(
    ("planted", "used"),
    [
        pytest.param(r"(?i)(?:secret\w*|password)\s*[:=]", "sub", id="a run at every place of which the search begins again"),
        pytest.param(r"(?:\w+\s?)+!", "fullmatch", id="repetitions in one another"),
        pytest.param(r"<title[^>]*>(.*?)</title>", "sub", id="an end that never comes"),
        pytest.param(r"\s+$", "sub", id="blanks that are not at the end"),
        pytest.param(r"(a+)(a+)b", "match", id="two that share the same text"),
    ],
)
def test_a_planted_slow_pattern_is_caught(planted: str, used: str) -> None:
    assert slow(re.compile(planted), used)


@pytest.mark.parametrize(
    ("fine", "used"),
    [
        pytest.param(r"(?i)(?:secret\w{0,40}|password)\s{0,9}[:=]", "sub", id="runs with an end"),
        pytest.param(r"<title[^<>]{0,200}>([^<]{0,500})", "sub", id="what may not begin again"),
        pytest.param(r"(?:.*[/\\])?curl", "fullmatch", id="one way to begin"),
    ],
)
def test_a_pattern_that_takes_linear_time_is_left_alone(fine: str, used: str) -> None:
    assert slow(re.compile(fine), used) == []
