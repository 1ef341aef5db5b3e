"""Removes the secrets of a call from whatever its provider sends back, in every spelling an echo may give them."""

import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from app.domain.secret import Secret

REMOVED = b"[removed]"
# Shorter texts ("test", "none") occur in ordinary answers; whole words of that size are no secrets.
_SHORTEST_IN_ANSWERS = 8
# In a text for people, a common piece of this length is one of the secret. It holds one aligned block whole.
_PIECE, _BLOCK = 8, 4
_HOLE = "\x00"
_HOLES = re.compile(f"{_HOLE}+")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,40})[ \t]+(\S.*)")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Scrubber:
    """Knows every spelling of the secrets of one call. Truth value: whether there is anything to look for."""

    __slots__ = ("_needles", "_short", "_tail_bytes")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        long: set[bytes] = set()
        short: set[bytes] = set()
        for secret in secrets:
            for text in _parts(secret.reveal()):
                (long if len(text) >= _SHORTEST_IN_ANSWERS else short).update(_spellings(text))
        self._needles = tuple(sorted(long, key=len, reverse=True))
        self._short = tuple(short)
        self._tail_bytes: frozenset[int] | None = None  # needed by streams only

    def __bool__(self) -> bool:
        return bool(self._needles)

    def bytes_(self, data: bytes) -> bytes:
        """The data without secrets. Untouched, and the same object, when there is none in it."""
        for needle in self._needles:
            if needle in data:
                data = data.replace(needle, REMOVED)
        return data

    def finds(self, text: str) -> bool:
        """Whether a secret is in the text, in whatever case: host names have none."""
        low = text.lower().encode(errors="replace")
        return any(needle.lower() in low for needle in self._needles)

    def text(self, text: str, limit: int) -> str:
        """Text of a provider for people to read: scrubbed first, short secrets and pieces of long ones too, then capped.

        Providers like to say "Incorrect API key provided: sk-proj-Ab****wxYZ", or write it in another case.
        """
        data = self.bytes_(text.encode(errors="replace"))
        for needle in self._short:
            data = data.replace(needle, REMOVED)
        clean = data.decode(errors="replace")
        clean = "".join(c for c in clean if c.isprintable() or c in "\n\t")[: limit + 1]
        clean = self._without_pieces(clean)
        return clean if len(clean) <= limit else clean[: limit - 1] + "…"

    def _without_pieces(self, text: str) -> str:
        """The text without what it shares with a secret for `_PIECE` characters or more, in whatever case."""
        low = text.encode("ascii", "replace").lower()  # one byte a character, so that places in both are the same
        marked: set[int] = set()
        for needle in {needle.lower() for needle in self._needles}:
            for offset in range(0, len(needle) - _BLOCK + 1, _BLOCK):
                for place in _places(low, needle[offset : offset + _BLOCK]):
                    start, end = _shared(low, place, needle, offset)
                    if end - start >= _PIECE:
                        marked.update(range(start, end))
        kept = (_HOLE if i in marked else c for i, c in enumerate(text))
        return _HOLES.sub(REMOVED.decode(), "".join(kept)) if marked else text

    def held_back(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret that goes on in the next read."""
        if not data or not self._needles:
            return 0
        if self._tail_bytes is None:
            self._tail_bytes = frozenset(b"".join(self._needles))
        if data[-1] not in self._tail_bytes:
            return 0  # the usual case: events end with a line feed
        for size in range(min(len(self._needles[0]) - 1, len(data)), 0, -1):
            end = data[-size:]
            if any(needle.startswith(end) for needle in self._needles):
                return size
        return 0


def _parts(text: str) -> Iterator[str]:
    """The secret; of one with a scheme, "Basic dXNlcjpwYXNz", also what stands behind it, and what that says decoded."""
    if not text:
        return
    yield text
    if found := _SCHEME.fullmatch(text):
        yield found[2]
        if found[1].lower() == "basic":
            try:
                user_and_password = binascii.a2b_base64(found[2]).decode()
            except (binascii.Error, UnicodeDecodeError):
                return
            yield from filter(None, (user_and_password, user_and_password.partition(":")[2]))


def _places(low: bytes, block: bytes) -> Iterator[int]:
    place = low.find(block)
    while place >= 0:
        yield place
        place = low.find(block, place + 1)


def _shared(low: bytes, place: int, needle: bytes, offset: int) -> tuple[int, int]:
    """Where the piece begins and ends that text and needle have in common around a block they share."""
    start, end = place, place + _BLOCK
    while start > 0 and offset - (place - start) > 0 and low[start - 1] == needle[offset - (place - start) - 1]:
        start -= 1
    while end < len(low) and offset + end - place < len(needle) and low[end] == needle[offset + end - place]:
        end += 1
    return start, end


def _spellings(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    if not _PLAIN.fullmatch(text):  # a plain text reads the same in JSON and in a URL
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
        yield json.dumps(text)[1:-1].replace("/", "\\/").encode()
        yield quote(text, safe="").encode()
        yield quote(text).encode()
        yield quote_plus(text).encode()
        yield html.escape(text).encode()
        yield html.escape(text, quote=False).encode()
    # Inside a longer text ("Bearer …", "user:…") base64 falls on one of three alignments; the edges mix with neighbours.
    for before in (0, 1, 2):
        coded = binascii.b2a_base64(b"\0\0"[:before] + raw, newline=False)[4 if before else 0 :].rstrip(b"=")[:-1]
        if len(coded) >= _SHORTEST_IN_ANSWERS:
            yield coded
            if b"+" in coded or b"/" in coded:
                yield coded.translate(_URL_SAFE)
