"""Where calls go, by the type of the provider."""

import pytest

from app.domain.providers.provider import WIRES, ProviderType
from app.domain.providers.routes import ROUTES, effective_urls, readable


def test_every_type_has_its_routes_and_its_wire() -> None:
    assert set(ROUTES) == set(WIRES) == set(ProviderType)


@pytest.mark.parametrize(
    ("type_", "auth", "urls"),
    [
        ("custom", {}, {"chat": "/chat/completions", "models": "/models", "embeddings": "/embeddings"}),
        ("anthropic", {}, {"chat": "/v1/messages", "models": "/v1/models?limit=1000"}),
        ("bedrock", {}, {"chat": "/model/{model}/converse"}),
        ("azure", {}, {"chat": "/openai/deployments/{model}/chat/completions?api-version=2024-10-21"}),
        (
            "azure",
            {"api_version": "2025-04-01-preview"},
            {"chat": "/openai/deployments/{model}/chat/completions?api-version=2025-04-01-preview"},
        ),
    ],
)
def test_every_task_has_its_own_url(type_: str, auth: dict[str, str], urls: dict[str, str]) -> None:
    assert effective_urls(ProviderType(type_), "https://h", auth) == {task: f"https://h{path}" for task, path in urls.items()}


@pytest.mark.parametrize("type_", ProviderType)
def test_an_address_that_is_shown_has_no_placeholder(type_: ProviderType) -> None:
    assert "{" not in readable(effective_urls(type_, "https://api.example.com", {})["chat"])
