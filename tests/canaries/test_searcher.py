"""The sweep's searcher finds a secret however it is written, and nothing where none is."""

import base64
import gzip
import html
import json
import random
import string
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canaries.searcher import Canary, Searcher

KEY = 'sk-Qz7"p&Lx/9+Wm=Vb\\3<Ty>Rn %Kd?Hf#Jc'
UNICODE = "Grün und 夜の蝶 über Straßen 47"
SHORT = "k7Qz9xWpB"
RAW = bytes(range(150, 182))
SEARCHER = Searcher([Canary("key", KEY), Canary("unicode", UNICODE), Canary("short", SHORT), Canary("raw", RAW)])
NOISE = b'{"model": "gpt-4o-mini", "id": "0192-aa", "text": "The quick brown fox \xe2\x80\xa2 jumps over the lazy dog 12345678"}'


def found(data: bytes) -> set[str]:
    return {hit.canary for hit in SEARCHER.search(NOISE + data + NOISE)}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(KEY, id="raw"),
        pytest.param(KEY.upper(), id="upper case"),
        pytest.param(KEY.lower(), id="lower case"),
        pytest.param(KEY.encode().hex(), id="hex"),
        pytest.param(KEY.encode().hex().upper(), id="HEX"),
        pytest.param(base64.b64encode(KEY.encode()).decode(), id="base64"),
        pytest.param(base64.b64encode(b"Bearer " + KEY.encode()).decode(), id="base64 behind seven characters"),
        pytest.param(base64.b64encode(b"u:" + KEY.encode()).decode(), id="base64 behind two characters"),
        pytest.param(base64.urlsafe_b64encode(KEY.encode()).decode(), id="base64url"),
        pytest.param(quote(KEY, safe=""), id="url"),
        pytest.param(quote(KEY, safe="").lower(), id="url in lower case"),
        pytest.param(quote_plus(KEY), id="form"),
        pytest.param(json.dumps(KEY), id="json"),
        pytest.param(json.dumps(json.dumps(KEY)), id="json in json"),
        pytest.param(json.dumps(KEY).replace("/", "\\/"), id="json slash"),
        pytest.param(html.escape(KEY), id="html"),
        pytest.param(KEY[::-1], id="reversed"),
        pytest.param(repr(KEY), id="repr"),
        pytest.param(KEY[10:22], id="twelve characters from the middle"),
        pytest.param(f"{KEY[:6]}••••{KEY[-4:]}", id="a mask that leaves ten"),
        pytest.param(f"{KEY[:6]}********{KEY[-4:]}", id="a mask of stars"),
        pytest.param(f"{KEY[:6]}...{KEY[-3:]}", id="three dots"),
    ],
)
def test_a_key_is_found_however_it_is_written(written: str) -> None:
    assert found(written.encode()) == {"key"}


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(KEY.encode("utf-16-le"), id="utf-16"),
        pytest.param(KEY[8:22].encode("utf-16-le"), id="a piece in utf-16"),
    ],
)
def test_text_as_a_browser_keeps_it_is_read(packed: bytes) -> None:
    assert found(packed) == {"key"}


def deflated(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, deflated])
def test_compressed_bytes_are_read(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(NOISE * 20 + KEY.encode() + NOISE * 20)

    assert {hit.canary for hit in SEARCHER.search(packed)} == {"key"}


def test_a_short_secret_counts_whole_and_only_whole() -> None:
    assert found(SHORT.encode()) == {"short"}
    assert found(base64.b64encode(SHORT.encode())) == {"short"}
    assert found(SHORT[:-1].encode()) == set()


def test_bytes_that_are_no_text_are_found_too() -> None:
    assert found(RAW) == {"raw"}
    assert found(base64.b64encode(RAW)) == {"raw"}
    assert found(RAW.hex().encode()) == {"raw"}


def test_other_alphabets_are_found() -> None:
    for written in (UNICODE, json.dumps(UNICODE), quote(UNICODE), quote_plus(UNICODE)):
        assert "unicode" in found(written.encode())


@pytest.mark.parametrize(
    "harmless",
    [KEY[:11], f"••••{KEY[-4:]}", f"{KEY[:4]}••••{KEY[-4:]}", "sk-", ""],
    ids=["eleven", "hint", "four and four", "prefix", "nothing"],
)
def test_what_is_no_leak_is_not_reported(harmless: str) -> None:
    assert found(harmless.encode()) == set()


def test_random_bytes_hold_nothing() -> None:
    noise = random.Random(1)  # noqa: S311 - any bytes will do
    text = "".join(noise.choices(string.ascii_letters + string.digits + "+/-_", k=2_000_000)).encode()

    assert SEARCHER.search(text + noise.randbytes(2_000_000)) == set()


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(
    secret=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=12, max_size=200),
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    spelling=st.sampled_from(["raw", "hex", "base64", "url", "json", "html"]),
    start=st.integers(0, 200),
)
def test_any_secret_is_found_anywhere(secret: str, before: bytes, after: bytes, spelling: str, start: int) -> None:
    cut = secret[min(start, len(secret) - 12) :]
    written = {
        "raw": cut.encode(),
        "hex": cut.encode().hex().encode(),
        "base64": base64.b64encode(b"x" * (start % 3) + secret.encode() + b"yy"),
        "url": quote(cut, safe="").encode(),
        "json": json.dumps(cut).encode(),
        "html": html.escape(cut).encode(),
    }[spelling]

    assert Searcher([Canary("it", secret)]).search(before + written + after)
