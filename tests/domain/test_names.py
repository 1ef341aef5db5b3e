import pytest

from app.domain.errors import InvalidDraft
from app.domain.names import RESERVED, check_slug, slugify


@pytest.mark.parametrize("name", ["ab", "open-ai", "a1", "x" * 50, "0a"])
def test_a_slug_is_accepted(name: str) -> None:
    assert check_slug(name) == name


@pytest.mark.parametrize("name", ["", "a", "x" * 51, "Open", "open_ai", "-ab", "ab-", "a b", "a/b", "ä-b"])
def test_what_is_no_slug_is_refused(name: str) -> None:
    with pytest.raises(InvalidDraft):
        check_slug(name)


def test_a_refused_name_comes_with_a_usable_suggestion() -> None:
    with pytest.raises(InvalidDraft) as refused:
        check_slug("Open AI (work)")

    assert refused.value.suggestions == ("open-ai-work",)


def test_a_key_in_the_field_of_the_name_is_not_said_back() -> None:
    with pytest.raises(InvalidDraft) as refused:
        check_slug("sk-Qz7pLx9WmVb3TyRnKdHfJcUe")

    assert refused.value.suggestions == ()
    assert "qz7p" not in str(refused.value).lower()


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_word_is_refused(name: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        check_slug(name)

    assert refused.value.details["errors"][0]["code"] == "name_reserved"


def test_a_slug_is_made_of_a_label() -> None:
    assert slugify("Ollama (office) №2") == "ollama-office-2"
    assert slugify("Văn phòng Đà Nẵng") == "van-phong-da-nang"
