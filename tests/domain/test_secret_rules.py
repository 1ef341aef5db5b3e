"""What may be stored as a secret."""

import pytest

from app.domain.credentials import secret_rules
from app.domain.errors import InvalidDraft
from app.domain.secret import Secret

KEY = "sk-planted-0123456789abcdef"


# How vendors' pages and other gateways show a key that they no longer show.
BEGINNINGS = ("", "sk-", "sk-proj-", "sk-ant-api03-R2D", "gsk_", "AIza", "xai-", "hf_", "r8_AbC", "sk-or-v1-abc", "tgp_v1_")
MIDDLES = ("...", "....", "…", "***", "********", "••••", "●●●●", "·····", "####", "xxxxxxxxxxxx", "XXXXXXXX")
ENDS = ("0002", "wxyz", "igAA", "")
MASKED = [f"{a}{b}{c}" for a in BEGINNINGS for b in MIDDLES for c in ENDS if c or (a and a.endswith(("-", "_"))) or b[0] not in "xX"]
REAL = [
    KEY,
    "sk-proj-0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d",
    "abc8Q~..x_1kD...aVw-pR~2mNs.7bQh3kXcYt4Z",  # a client secret of Entra: dots are letters of its alphabet
    "xxxxxxxx",  # what people give a local server that wants any key
    "EMPTY",
    "lm-studio",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "a.b.c.d",
    "eyJhbGciOiJIUzI1NiJ9.e30.Et9HFtf9R3GEMA0IICOfFMVXY7kkTX1wr4qCyIf58U",
]


@pytest.mark.parametrize("key", REAL)
def test_what_only_looks_a_little_like_a_mask_is_a_key(key: str) -> None:
    assert secret_rules.clean(Secret(key), field="k").reveal() == key


@pytest.mark.parametrize(
    "pasted",
    [
        pytest.param(f"  {KEY}\n", id="blanks"),
        pytest.param(f'"{KEY}"', id="quotes"),
        pytest.param(f"“{KEY}”", id="typographic quotes"),
        pytest.param(f"Bearer {KEY}", id="scheme"),
        pytest.param(f"'Authorization: bearer  {KEY} '", id="a whole header, quoted"),
        pytest.param(f"\u00a0{KEY}\u2003", id="unicode blanks"),
    ],
)
def test_what_pasting_adds_is_trimmed(pasted: str) -> None:
    assert secret_rules.clean(Secret(pasted), field="k").reveal() == KEY


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        pytest.param("••••4f2a", "masked_secret", id="dots"),
        pytest.param("●●●●", "masked_secret", id="bullets"),
        pytest.param(f"{KEY}•", "masked_secret", id="mask and key"),
        pytest.param("sk-***abcd", "masked_secret", id="asterisks"),
        pytest.param("cdef", "masked_secret", id="the hint"),
        pytest.param("Bearer ••••", "masked_secret", id="mask behind a scheme"),
        *[pytest.param(masked, "masked_secret", id=masked) for masked in MASKED],
        pytest.param("sk-a\nb", "secret_characters", id="line break inside"),
        pytest.param("sk-a\u200bb", "secret_characters", id="invisible blank"),
        pytest.param("sk-é", "secret_characters", id="letter no header carries"),
        pytest.param("x" * 9_000, "secret_too_long", id="too long"),
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(pasted: str, code: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        secret_rules.clean(Secret(pasted), field="k", hint="cdef")

    assert caught.value.details["errors"][0]["code"] == code
    assert len(pasted) < 5 or pasted not in str(caught.value) + repr(caught.value.details)


def test_two_asterisks_are_part_of_a_key() -> None:
    assert secret_rules.clean(Secret("sk-**x"), field="k").reveal() == "sk-**x"


def test_a_short_secret_gives_no_hint() -> None:
    assert (secret_rules.hint_of(Secret("short")), secret_rules.hint_of(Secret(KEY))) == ("", "cdef")


def test_a_key_has_no_blanks_inside_where_its_field_does_not_say_so() -> None:
    with pytest.raises(InvalidDraft) as caught:
        secret_rules.clean(Secret("a b c d e f g h"), field="k")

    assert caught.value.details["errors"][0]["code"] == "secret_blanks"
    assert secret_rules.clean(Secret("Token abc"), field="k", keep_scheme=True, blanks=True).reveal() == "Token abc"
