"""Long passwords of any kind are welcome; those that guessing tries first are not."""

import pytest

from app.domain.errors import InvalidDraft
from app.domain.people.passwords import LONGEST, check_password, normal
from app.domain.secret import Secret

PERSON = ("ada.lovelace@example.com", "Ada Lovelace")


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery staple",
        "seven green bicycles sing",
        "739201846253",
        "Zx9-kk2mQ7w1",
        "пароль-длинный-тут",
        "東京の青い自転車で歌う七羽の鳥",
        "x" * 4 + "unlikely tale",
    ],
)
def test_a_long_password_is_welcome(text: str) -> None:
    check_password(Secret(text), personal=PERSON)


@pytest.mark.parametrize(
    "text",
    [
        "Password1234!", "P@ssw0rd2024!!", "passwordpassword", "qwertyuiop123", "1q2w3e4r5t6y", "123456789012", "abcdefghijkl",
        "aaaaaaaaaaaa", "abcabcabcabc", "Summer2026!!!", "letmein-letmein", "iloveyou1234", "admin-admin-admin", "Patchbay2026",
        "AdaLovelace1", "lovelace-2026", "P455w0rd-P455w0rd", "zyxwvutsrqpo",
    ],
)  # fmt: skip
def test_a_password_that_guessing_tries_first_is_refused(text: str) -> None:
    with pytest.raises(InvalidDraft) as raised:
        check_password(Secret(text), personal=PERSON)

    assert raised.value.details["errors"][0]["code"] == "password_common"
    assert text not in f"{raised.value} {raised.value.details}"


@pytest.mark.parametrize(("text", "code"), [("", "password_short"), ("Zx9-kk2mQ7w", "password_short"), ("Zx9-" * LONGEST, "too_long")])
def test_a_password_has_bounds(text: str, code: str) -> None:
    with pytest.raises(InvalidDraft) as raised:
        check_password(Secret(text))

    assert raised.value.details["errors"][0]["code"] == code


def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    assert normal(Secret("caf\u00e9 au lait noir")) == normal(Secret("cafe\u0301 au lait noir"))
