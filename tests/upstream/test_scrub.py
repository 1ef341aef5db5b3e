"""However a stream is cut, no piece of it lets a secret through."""

import base64
import html
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.secret import Secret
from app.upstream.scrub import Scrubber

KEY = "sk-abcABC123-_abcsk-abc"
LONG = 'sk-canary/4f1d+8e0b=77 Zq9x%2F\\"é'


def streamed(scrub: Scrubber, parts: list[bytes]) -> bytes:
    """As `Reply.chunks` does it."""
    out, held = b"", b""
    for part in parts:
        clean = scrub.bytes_(held + part)
        keep = scrub.held_back(clean)
        clean, held = (clean[:-keep], clean[-keep:]) if keep else (clean, b"")
        out += clean
    return out + held


@settings(max_examples=200, deadline=None)
@given(
    before=st.text("sk-abcABC1 \n", max_size=12),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    after=st.text("sk-a\n", max_size=5),
)
def test_a_secret_split_anywhere_is_removed(before: str, cuts: list[int], after: str) -> None:
    text = (before + KEY + after).encode()
    parts, rest = [], text
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]

    out = streamed(Scrubber([Secret(KEY)]), [*parts, rest])

    assert KEY.encode() not in out
    assert b"[removed]" in out


@settings(max_examples=50, deadline=None)
@given(text=st.binary(max_size=60), cut=st.integers(0, 60))
def test_what_holds_no_secret_arrives_untouched(text: bytes, cut: int) -> None:
    assert streamed(Scrubber([Secret(LONG)]), [text[:cut], text[cut:]]) == text


@given(before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_base64_of_a_text_around_the_secret_is_recognised(before: bytes, after: bytes) -> None:
    coded = base64.b64encode(before + KEY.encode() + after)

    assert b"[removed]" in Scrubber([Secret(KEY)]).bytes_(coded)


def test_untouched_bytes_are_the_same_object() -> None:
    data = b'{"choices": []}'

    assert Scrubber([Secret(KEY)]).bytes_(data) is data
    assert not Scrubber([])


def test_a_short_secret_is_removed_from_errors_only() -> None:
    scrub = Scrubber([Secret("test")])

    assert scrub.bytes_(b"this is a test") == b"this is a test"
    assert "test" not in scrub.text("bad key test", 100)


def test_a_text_for_people_is_capped_and_printable() -> None:
    text = Scrubber([Secret(KEY)]).text("a\x1b[31m\x00" + KEY + "x" * 5_000, 100)

    assert len(text) == 100
    assert text.startswith("a[31m[removed]xxx")


PLAIN = "sk-proj-Qz7pLx9WmVb3TyRnKdHfJcUeGaSo5i1Nt"


@pytest.mark.parametrize(
    "worn",
    [
        pytest.param(PLAIN.upper(), id="upper case"),
        pytest.param(PLAIN.lower(), id="lower case"),
        pytest.param(PLAIN[8:16], id="eight characters of it"),
        pytest.param(f"{PLAIN[:12]}****{PLAIN[-4:]}", id="a mask that leaves twelve"),
        pytest.param(PLAIN.encode().hex().upper()[:20], id="a piece in hex"),
        pytest.param(f"é{PLAIN[:20]}夜", id="between other alphabets"),
    ],
)
def test_a_text_for_people_holds_no_piece_of_a_secret(worn: str) -> None:
    text = Scrubber([Secret(PLAIN)]).text(f"Incorrect API key provided: {worn}. You can find it on our page.", 500)

    low = text.lower()
    assert [PLAIN.lower()[i : i + 8] for i in range(len(PLAIN) - 7) if PLAIN.lower()[i : i + 8] in low] == []
    assert "[removed]" in text
    assert text.startswith("Incorrect API key provided: ")
    assert text.endswith(" You can find it on our page.")


def test_a_piece_at_the_cut_of_a_text_is_removed_too() -> None:
    text = Scrubber([Secret(PLAIN)]).text("x" * 80 + PLAIN, 100)

    assert PLAIN[:8] not in text


def test_a_key_as_a_web_page_writes_it_is_removed_from_answers() -> None:
    odd = "Qz7p\"Lx<9>&Wm'Vb3TyRn/KdHfJc"
    scrub = Scrubber([Secret(odd)])

    for written in (html.escape(odd), html.escape(odd, quote=False), quote(odd), odd.encode().hex().upper()):
        assert scrub.bytes_(written.encode()) == b"[removed]", written
