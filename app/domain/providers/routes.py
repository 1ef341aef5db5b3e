"""Where a provider is called, by its type: what is put behind its base URL, and the header that carries a plain key."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.providers.provider import ProviderType

AZURE_API_VERSION = "2024-10-21"  # the last one without "preview"; newer ones are the v1 API, which needs no version
ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Routes:
    """Paths behind the base URL, for showing and for the model list; "" = there is none. `key_header` "" = `Authorization: Bearer`."""

    chat: str = "/chat/completions"
    models: str = "/models"
    embeddings: str = "/embeddings"
    key_header: str = ""
    is_rooted: bool = False  # the base URL is the root of the vendor's API and ends in no version


_OPENAI = Routes()
ROUTES: dict[ProviderType, Routes] = {
    ProviderType.OPENAI: _OPENAI,
    ProviderType.CUSTOM: _OPENAI,
    ProviderType.ANTHROPIC: Routes("/v1/messages", "/v1/models?limit=1000", "", "x-api-key", is_rooted=True),
    ProviderType.BEDROCK: Routes("/model/{model}/converse", "", "", is_rooted=True),
    ProviderType.AZURE: Routes(
        "/openai/deployments/{model}/chat/completions?api-version={api_version}", "", "", "api-key", is_rooted=True
    ),
}  # fmt: skip


def effective_urls(type_: ProviderType, base_url: str, auth: Mapping[str, str]) -> dict[str, str]:
    """Task → the URL that will be called. `{model}` stays: it is another one with each call.

    >>> effective_urls(ProviderType.ANTHROPIC, "https://api.anthropic.com", {})["chat"]
    'https://api.anthropic.com/v1/messages'
    """
    routes = ROUTES[type_]
    version = auth.get("api_version") or AZURE_API_VERSION
    paths = {"chat": routes.chat.replace("{api_version}", version), "models": routes.models, "embeddings": routes.embeddings}
    return {task: base_url + path for task, path in paths.items() if path}


def readable(url: str) -> str:
    """The URL for people who have never seen a placeholder.

    >>> readable("https://x.openai.azure.com/openai/deployments/{model}/chat/completions")
    'https://x.openai.azure.com/openai/deployments/…/chat/completions'
    """
    return url.replace("{model}", "…")
