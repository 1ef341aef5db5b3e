"""Every way a secret may be written on its way out, as lower-case bytes: case never hides a leak."""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# Anything this long in common with a secret is a leak; a shorter secret counts only whole.
FRAGMENT = 12


def of(secret: str | bytes) -> dict[str, bytes]:
    """Name of the spelling → the secret written so. Those that read the same are left out."""
    found: dict[str, bytes] = {}
    for name, spelled in _all(secret):
        low = spelled.lower()
        if low not in found.values():
            found[name] = low
    return found


def _all(secret: str | bytes) -> Iterator[tuple[str, bytes]]:
    raw = secret.encode() if isinstance(secret, str) else secret
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield from _base64(raw)
    yield "reversed", raw[::-1]
    if isinstance(secret, str):
        for name, text in _texts(secret):
            yield name, text.encode()
        yield "utf-16", secret.lower().encode("utf-16-le")  # how a browser keeps text on disk


def _base64(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Inside a longer text base64 falls on one of three alignments; characters mixed with a neighbour are cut off."""
    for before in (0, 1, 2):
        coded = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
        inner = coded[4 if before else 0 : -1]
        yield f"base64+{before}", inner
        yield f"base64url+{before}", inner.translate(bytes.maketrans(b"+/", b"-_"))


def _texts(text: str) -> Iterator[tuple[str, str]]:
    yield "url", quote(text, safe="")
    yield "url path", quote(text)
    yield "form", quote_plus(text)
    yield "json", json.dumps(text)[1:-1]
    yield "json utf-8", json.dumps(text, ensure_ascii=False)[1:-1]
    yield "json slash", json.dumps(text)[1:-1].replace("/", "\\/")
    yield "json in json", json.dumps(json.dumps(text)[1:-1])[1:-1]
    yield "html", html.escape(text)
    yield "html decimal", html.escape(text).replace("&#x27;", "&#39;")
    yield "html text", html.escape(text, quote=False)
    yield "repr", repr(text)[1:-1]
