"""Finds secrets, pieces of them, and masks that show too much, in any amount of bytes.

The bytes are cut into blocks of six and looked up in a table of every block of every spelling: a common piece of at least
eleven characters holds one block whole, wherever it begins. What the table finds is then measured character by character.
"""

import gzip
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from tests.canaries import spellings

_BLOCK = 6
_MASK = re.compile(rb"(?:\xe2\x80\xa2|\xe2\x97\x8f|\xe2\x80\xa6|\\u2022|\\u25cf|\\u2026|\*{3,}|\.{3,})+")
_MOST_SHOWN = 8  # characters of a secret that a mask may leave
_MOST_PLACES = 50  # of one block in one text: one is enough to report


@dataclass(frozen=True)
class Canary:
    """A secret that was planted, or that the product made. `name` says what it is, like `provider key, long`."""

    name: str
    secret: str | bytes


@dataclass(frozen=True)
class Found:
    """A secret in a text. `spelling` as in `spellings`, or `mask`; `length` in bytes of that spelling."""

    canary: str
    spelling: str
    length: int


class Searcher:
    """Knows every spelling of every canary."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.canaries = tuple(canaries)
        self._needles: list[tuple[str, str, bytes, int]] = []  # canary, spelling, bytes, length that counts
        self._blocks: dict[bytes, list[tuple[int, int]]] = {}
        self._whole: list[int] = []  # needles too short for blocks
        for canary in self.canaries:
            for spelling, needle in spellings.of(canary.secret).items():
                self._add(canary, spelling, needle)
        self._texts = [(c.name, c.secret.encode().lower()) for c in self.canaries if isinstance(c.secret, str)]

    @property
    def size(self) -> int:
        """How many spellings are looked for."""
        return len(self._needles)

    def _add(self, canary: Canary, spelling: str, needle: bytes) -> None:
        counts = min(len(needle), spellings.FRAGMENT * (2 if spelling == "utf-16" else 1))
        if len(canary.secret) < spellings.FRAGMENT:
            counts = len(needle)  # a piece of a short secret says too little
        index = len(self._needles)
        self._needles.append((canary.name, spelling, needle, counts))
        if counts < 2 * _BLOCK - 1:
            self._whole.append(index)
            return
        for offset in range(len(needle) - _BLOCK + 1):
            self._blocks.setdefault(needle[offset : offset + _BLOCK], []).append((index, offset))

    def search(self, data: bytes) -> set[Found]:
        """What is in the bytes as they are, and in what they unpack to."""
        found: set[Found] = set()
        for text in unpacked(data):
            low = text.lower()
            found |= set(self._pieces(low)) | set(self._short(low)) | set(self._masked(low))
        return found

    def _pieces(self, low: bytes) -> Iterator[Found]:
        blocks = struct.iter_unpack(f"{_BLOCK}s", low[: len(low) - len(low) % _BLOCK])
        for block in self._blocks.keys() & {block for (block,) in blocks}:
            for place in _places(low, block):
                for index, offset in self._blocks[block]:
                    canary, spelling, needle, counts = self._needles[index]
                    if (length := _common(low, place, needle, offset)) >= counts:
                        yield Found(canary, spelling, length)

    def _short(self, low: bytes) -> Iterator[Found]:
        for index in self._whole:
            canary, spelling, needle, _ = self._needles[index]
            if needle in low:
                yield Found(canary, spelling, len(needle))

    def _masked(self, low: bytes) -> Iterator[Found]:
        for mask in _MASK.finditer(low):
            before, after = low[max(0, mask.start() - 64) : mask.start()], low[mask.end() : mask.end() + 64]
            for name, secret in self._texts:
                head = next((n for n in range(min(len(secret), 64), 0, -1) if before.endswith(secret[:n])), 0)
                tail = next((n for n in range(min(len(secret), 64), 0, -1) if after.startswith(secret[-n:])), 0)
                if head and tail and head + tail > _MOST_SHOWN:
                    yield Found(name, "mask", head + tail)


def unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes, and what is in them if they are compressed."""
    yield data
    if data[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(data)
    else:
        for window in (15, -15) if len(data) < 4_000_000 else ():
            with suppress(zlib.error):
                if len(text := zlib.decompressobj(window).decompress(data)) > len(data) // 2:
                    yield text


def _places(low: bytes, block: bytes) -> Iterator[int]:
    place = -1
    for _ in range(_MOST_PLACES):
        if (place := low.find(block, place + 1)) < 0:
            return
        yield place


def _common(low: bytes, place: int, needle: bytes, offset: int) -> int:
    """How long a piece text and needle share around a block they share."""
    start, end = 0, _BLOCK
    while place - start > 0 and offset - start > 0 and low[place - start - 1] == needle[offset - start - 1]:
        start += 1
    while place + end < len(low) and offset + end < len(needle) and low[place + end] == needle[offset + end]:
        end += 1
    return start + end
