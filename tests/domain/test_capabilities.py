"""What a provider is declared to do: an admin's word over the preset's, and paths that stay below the base URL."""

import pytest
from pydantic import ValidationError

from app.domain.providers.capabilities import Capabilities, Support


def test_an_admins_word_is_over_the_presets_and_what_nobody_says_is_unknown() -> None:
    preset = Capabilities(streaming=Support.YES, tools=Support.NO, context_limit=8_000)
    own = Capabilities(streaming=Support.NO, test_path="/health")

    both = own.over(preset)

    assert (both.streaming, both.tools, both.images) == (Support.NO, Support.NO, Support.UNKNOWN)
    assert (both.context_limit, both.test_path) == (8_000, "/health")
    assert own.over(None) == own


def test_only_a_declared_no_declines_a_field_of_a_request() -> None:
    assert Capabilities(streaming=Support.YES, tools=Support.UNKNOWN).declined == frozenset()
    assert Capabilities(streaming=Support.NO, json_mode=Support.NO, images=Support.NO).declined == {"stream", "response_format"}


def test_what_was_declined_before_is_not_carried_over() -> None:
    own = Capabilities()
    assert own.declined == frozenset()

    assert own.over(Capabilities(streaming=Support.NO)).declined == {"stream"}


@pytest.mark.parametrize("path", ["", "/health", "/v2/key", "/a/b.json", "/_status", "/~me"])
def test_a_test_path_lies_below_the_base_url(path: str) -> None:
    assert Capabilities(test_path=path).test_path == path


@pytest.mark.parametrize(
    "path",
    ["health", "/", "//evil.example", "/../admin", "/a/../b", "/a?b=1", "/a#b", "/a b", "/%2e%2e/a", "/a\\b", "@evil.example", ":1/a"],
)
def test_a_test_path_leads_nowhere_else(path: str) -> None:
    with pytest.raises(ValidationError):
        Capabilities(test_path=path)


@pytest.mark.parametrize("limit", [0, -1, 100_000_001])
def test_a_context_limit_is_a_number_of_tokens(limit: int) -> None:
    with pytest.raises(ValidationError):
        Capabilities(context_limit=limit)
