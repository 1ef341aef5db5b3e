"""Removes the secrets of a call from whatever its provider sends back, in every spelling an echo may give them."""

import binascii
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from app.domain.secret import Secret

REMOVED = b"[removed]"
# Shorter texts ("test", "none") occur in ordinary answers; whole words of that size are no secrets.
_SHORTEST_IN_ANSWERS = 8
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
        """Text of a provider for people to read: scrubbed first, short secrets too, then capped."""
        data = self.bytes_(text.encode(errors="replace"))
        for needle in self._short:
            data = data.replace(needle, REMOVED)
        clean = data.decode(errors="replace")
        clean = "".join(c for c in clean if c.isprintable() or c in "\n\t")
        return clean if len(clean) <= limit else clean[: limit - 1] + "…"

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


def _spellings(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    if not _PLAIN.fullmatch(text):  # a plain text reads the same in JSON and in a URL
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
        yield json.dumps(text)[1:-1].replace("/", "\\/").encode()
        yield quote(text, safe="").encode()
        yield quote_plus(text).encode()
    # Inside a longer text ("Bearer …", "user:…") base64 falls on one of three alignments; the edges mix with neighbours.
    for before in (0, 1, 2):
        coded = binascii.b2a_base64(b"\0\0"[:before] + raw, newline=False)[4 if before else 0 :].rstrip(b"=")[:-1]
        if len(coded) >= _SHORTEST_IN_ANSWERS:
            yield coded
            if b"+" in coded or b"/" in coded:
                yield coded.translate(_URL_SAFE)
