"""Tokens an answer reports, read off it while it passes; not a byte is changed. Whatever is no plain count reads as not reported."""

import json
import re
from collections.abc import Mapping

import msgspec

from app.domain.usage import Usage

# More than any model takes or gives: a provider that says so is mistaken or lies.
MOST = 100_000_000
# A report is a few hundred bytes; of a line that is still open this much is kept for the next read.
_REPORT_BYTES = 4_096
_MARK = b'"usage'  # begins the name of a report; inside of a text its quote would be escaped
_LINE_END = 10
_REPORT = re.compile(rb'"usage"\s*:\s*(?=\{)')
_JSON = json.JSONDecoder()
_IN, _OUT = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")
_DETAILS = ("prompt_tokens_details", "input_tokens_details")


class TokenCount:
    """Watches one answer: `answer` for JSON, `chunk` for each piece of a stream; `usage` when it is over, or broke off."""

    __slots__ = ("_open", "_report")

    def __init__(self) -> None:
        self._open = b""  # of a line whose end has not come yet
        self._report = b""  # from the { of the newest report on

    def answer(self, fields: Mapping[str, msgspec.Raw]) -> None:
        """A whole answer by its top-level fields."""
        if (report := fields.get("usage")) is not None:
            self._report = bytes(memoryview(report)[: _REPORT_BYTES + 1])

    def chunk(self, part: bytes) -> None:
        """The next piece of a stream, not empty. Nearly all have no report and end with a line: two looks, nothing is kept."""
        if _MARK in part or self._open or part[-1] != _LINE_END:
            self._look(self._open + part)

    @property
    def usage(self) -> Usage | None:
        """The newest report, None when there is none that can be understood."""
        if not self._report or len(self._report) > _REPORT_BYTES:
            return None
        try:
            report = msgspec.json.decode(self._report)  # of a whole answer it is exactly the report
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            try:
                report, _ = _JSON.raw_decode(self._report.decode("utf-8", "replace"))  # of a stream more may stand behind it
            except (ValueError, RecursionError):
                return None
        return _understood(report) if isinstance(report, dict) else None

    def _look(self, text: bytes) -> None:
        at = text.rfind(_MARK)
        while at >= 0:
            if found := _REPORT.match(text, at):
                self._report = text[found.end() : found.end() + _REPORT_BYTES]
                break
            at = text.rfind(_MARK, 0, at)
        self._open = b"" if text[-1] == _LINE_END else text[max(text.rfind(b"\n") + 1, len(text) - _REPORT_BYTES) :]


def _understood(report: Mapping[str, object]) -> Usage | None:
    tokens_in, tokens_out = _count(report, _IN), _count(report, _OUT)
    if tokens_in is None and tokens_out is None:
        return None
    cached = None
    for name in _DETAILS:
        if isinstance(details := report.get(name), dict):
            cached = _count(details, ("cached_tokens",))
            break
    return Usage(tokens_in, tokens_out, cached if cached is not None and cached <= (tokens_in or 0) else None)


def _count(report: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    value = None
    for name in names:
        if (value := report.get(name)) is not None:
            break
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MOST else None
