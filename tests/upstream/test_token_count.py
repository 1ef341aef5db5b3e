"""Tokens are read off an answer however it is cut, and nothing a provider writes there does harm."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.usage import Usage
from app.upstream.token_count import MOST, TokenCount

DELTA = b'data: {"id":"1","choices":[{"delta":{"content":"say \\"usage\\":{\\"prompt_tokens\\":9}"}}],"usage":null}\n\n'
REPORT = (
    b'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"prompt_tokens_details":{"cached_tokens":5},"x":{"y":1}}}\n\n'
)
DONE = b"data: [DONE]\n\n"


def of_answer(usage: Any) -> Usage | None:
    count = TokenCount()
    count.answer(msgspec.json.decode(json.dumps({"usage": usage}), type=dict[str, msgspec.Raw]))
    return count.usage


def of_stream(*parts: bytes) -> Usage | None:
    count = TokenCount()
    for part in parts:
        count.chunk(part)
    return count.usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4, None), id="chat"),
        pytest.param({"prompt_tokens": 3, "total_tokens": 3}, Usage(3, None, None), id="embeddings"),
        pytest.param({"input_tokens": 9, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 8}}, Usage(9, 1, 8), id="responses"),
        pytest.param({"prompt_tokens": 0, "completion_tokens": 0}, Usage(0, 0, None), id="zero is a count"),
        pytest.param({"prompt_tokens": 3.0, "completion_tokens": None}, Usage(3, None, None), id="a whole number with a point"),
        pytest.param({"type": "duration", "seconds": 7}, None, id="something else is counted"),
        pytest.param({"prompt_tokens": -1, "completion_tokens": -5}, None, id="negative"),
        pytest.param({"prompt_tokens": MOST + 1, "completion_tokens": 2}, Usage(None, 2, None), id="huge"),
        pytest.param({"prompt_tokens": 10**4000}, None, id="beyond any number"),
        pytest.param({"prompt_tokens": "12", "completion_tokens": [1]}, None, id="texts and lists"),
        pytest.param({"prompt_tokens": True, "completion_tokens": 1e308}, None, id="neither true nor a number of stars counts"),
        pytest.param({"prompt_tokens": 2, "prompt_tokens_details": "no"}, Usage(2, None, None), id="details of another shape"),
        pytest.param({"prompt_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}, Usage(2, None, None), id="more cached than sent"),
        pytest.param({"prompt_tokens": 2, "pad": "x" * 5_000}, None, id="a report as long as a letter"),
        pytest.param([{"prompt_tokens": 2}], None, id="a list"),
        pytest.param("prompt_tokens", None, id="a text"),
        pytest.param(None, None, id="null"),
    ],
)
def test_an_answer_is_understood_or_not_reported(usage: Any, expected: Usage | None) -> None:
    assert of_answer(usage) == expected


def test_nothing_is_reported_where_nothing_is_said() -> None:
    assert TokenCount().usage is None
    assert of_stream(DELTA, DELTA, DONE) is None


def test_brackets_without_end_are_no_report() -> None:
    assert of_stream(b'data: {"usage":{"a":' + b"[" * 100_000) is None
    assert of_stream(b'data: {"usage":{"prompt_tokens":' + b"9" * 100_000, b"}}\n\n") is None


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.integers(1, 90), min_size=1, max_size=30))
def test_a_stream_is_understood_however_it_is_cut(cuts: list[int]) -> None:
    rest, parts = DELTA + REPORT + DELTA + DONE, []
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]

    assert of_stream(*filter(None, (*parts, rest))) == Usage(12, 34, 5)


def test_the_newest_of_many_reports_counts() -> None:
    first = b'data: {"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'

    assert of_stream(first, REPORT) == Usage(12, 34, 5)
    assert of_stream(first + REPORT) == Usage(12, 34, 5)
    assert of_stream(b'data: {"usage":{"prompt_tokens":Infinity,"completion_tokens":2}}\n\n') == Usage(None, 2, None)


def test_a_report_in_front_of_a_long_line_is_understood() -> None:
    line = b'data: {"usage":{"prompt_tokens":1,"completion_tokens":2},"search_results":"' + b"x" * 20_000 + b'"}\n\n'

    assert of_stream(*(line[start : start + 1_000] for start in range(0, len(line), 1_000)), DONE) == Usage(1, 2, None)


def test_what_is_kept_of_an_open_line_is_bounded() -> None:
    count = TokenCount()
    for _ in range(1_000):
        count.chunk(b"x" * 1_000)

    assert len(count._open) <= 4_096
