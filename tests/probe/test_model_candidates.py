"""Which model a test talks to."""

import pytest

from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderType
from app.probe import model_candidates
from tests.fixtures import make

VENDOR = Preset(
    id="x", label="X", type=ProviderType.OPENAI, base_url="https://x/v1", auth_type="none", test_models=["small-one"], models=["rec"]
)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param(["big-70b", "small-one"], "small-one", id="recommended and listed"),
        pytest.param(["llama-3.3-70b", "llama-3.1-8b-instant", "whisper-large-v3"], "llama-3.1-8b-instant", id="by billions"),
        pytest.param(["gpt-5", "gpt-5-nano", "text-embedding-3-small", "tts-1-mini", "dall-e-3"], "gpt-5-nano", id="by name"),
        pytest.param(["o4-mini", "gpt-4.1"], "gpt-4.1", id="reasoning models last"),
        pytest.param(["nomic-embed-text", "qwen3:30b", "qwen3:1.7b"], "qwen3:1.7b", id="ollama"),
        pytest.param(["mixtral-8x7b"], "mixtral-8x7b", id="the only one"),
        pytest.param(["text-embedding-3-small"], None, id="none that chats"),
    ],
)
def test_the_test_model(listed: list[str], expected: str | None) -> None:
    assert model_candidates.choose(make.endpoint("https://x.example/v1"), listed, VENDOR) == expected
    assert model_candidates.choose(make.endpoint("https://x.example/v1", default_model="mine"), listed, VENDOR) == "mine"


def test_models_of_the_admin_count_where_none_are_listed() -> None:
    endpoint = make.endpoint("https://x.example/v1", models=("mine-7b", "mine-1b"))

    assert model_candidates.choose(endpoint, [], None) == "mine-1b"


def test_a_preset_helps_when_nothing_else_is_known() -> None:
    endpoint = make.endpoint("https://x.example/v1")

    assert model_candidates.choose(endpoint, [], VENDOR) == "small-one"
    assert model_candidates.choose(endpoint, [], None) is None
