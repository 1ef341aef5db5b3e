"""What a token costs: what the model's row says, otherwise the public price of the vendor, otherwise not known.

A row says it in US dollars for a million tokens: `{"input": 2.5, "output": 10, "cached_input": 1.25}`, the last one where it differs.
Public prices are those that come with the LiteLLM library; they are used only for a provider that is called at its vendor's own
address. Plain prices only: no batch, priority or long-context tariffs.
"""

import asyncio
import importlib.util
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from app import presets
from app.domain.providers.address import origin_of
from app.domain.snapshot import Endpoint
from app.storage import usage as rows
from app.storage.database import engine

_PUBLIC = "model_prices_and_context_window_backup.json"
_PICO, _PICO_A_MILLION = 1e12, 1e6
_DEAREST = 10**9  # a thousandth of a dollar for a token
# Our preset → what the list calls the vendor, where the two differ.
_VENDORS = {
    "together": "together_ai",
    "fireworks": "fireworks_ai",
    "bedrock-converse": "bedrock",
    "cohere": "cohere_chat",
    "nvidia": "nvidia_nim",
}
_NO_OWN_MODELS = {"azure-classic", "azure-openai", "litellm"}  # their models have names that somebody gave them


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of a millionth of a US dollar for a token."""

    tokens_in: int
    tokens_out: int
    cached: int

    def of(self, tokens_in: int, tokens_out: int, cached: int) -> int:
        """Billionths of a dollar; `cached` is a part of `tokens_in`."""
        return ((tokens_in - cached) * self.tokens_in + cached * self.cached + tokens_out * self.tokens_out + 500) // 1_000


class Prices:
    """Looks prices up, and remembers them as long as the registry's revision is the same."""

    def __init__(self) -> None:
        self._revision = -1
        self._known: dict[tuple[str, str], Price | None] = {}

    async def of(self, models: Iterable[tuple[Endpoint, str]], revision: int) -> Mapping[tuple[str, str], Price | None]:
        """(provider id, model) → price, None = not known. Raises `StorageError`."""
        if revision != self._revision:
            self._known, self._revision = {}, revision
        asked = {(endpoint.id, model): endpoint for endpoint, model in models if (endpoint.id, model) not in self._known}
        if asked:
            async with engine.session() as session:
                said = await rows.pricing(session, asked)
            public = await asyncio.to_thread(_public)
            self._known |= {key: declared(said.get(key, {})) or listed(public, endpoint, key[1]) for key, endpoint in asked.items()}
        return self._known


def declared(pricing: Mapping[str, object]) -> Price | None:
    """The price that a model's row says, None when it says none that can be used."""
    return _price(pricing.get("input"), pricing.get("output"), pricing.get("cached_input"), _PICO_A_MILLION)


def listed(public: Mapping[str, msgspec.Raw], endpoint: Endpoint, model: str) -> Price | None:
    """The public price of a model at this provider."""
    preset = presets.find(endpoint.preset)
    if preset is None or preset.local or preset.id in _NO_OWN_MODELS:
        return None
    if "{" not in preset.base_url and origin_of(preset.base_url) != endpoint.origin:
        return None  # somebody else answers there, at prices of their own
    vendor = _VENDORS.get(preset.id, preset.id)
    for name in _names(vendor, model):
        if (raw := public.get(name)) is None:
            continue
        entry = msgspec.json.decode(raw, type=dict[str, object])
        if name.startswith(f"{vendor}/") or str(entry.get("litellm_provider", "")).startswith(vendor):
            return _price(
                entry.get("input_cost_per_token"), entry.get("output_cost_per_token"), entry.get("cache_read_input_token_cost"), _PICO
            )
    return None


def _names(vendor: str, model: str) -> Iterator[str]:
    """Under which names a model may be listed, the most exact first."""
    undated = model[:-11] if model[-11:-10] == "-" and model[-10:].replace("-", "").isdigit() else model
    for name in dict.fromkeys((model, undated)):
        yield f"{vendor}/{name}"
        yield name


def _price(tokens_in: object, tokens_out: object, cached: object, scale: float) -> Price | None:
    """Free models are listed at 0; whoever charges for input only lists no other price."""
    whole = _scaled(tokens_in, scale)
    if whole is None:
        return None
    out, kept = _scaled(tokens_out, scale), _scaled(cached, scale)
    return Price(whole, out or 0, whole if kept is None else kept)


def _scaled(value: object, scale: float) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return found if 0 <= (found := round(value * scale)) <= _DEAREST else None


@lru_cache(1)
def _public() -> Mapping[str, msgspec.Raw]:
    """Model → its entry, unread. Found without importing the library; empty where it is not installed. Blocks for some ms."""
    found = importlib.util.find_spec("litellm")
    for folder in (found.submodule_search_locations or []) if found else []:
        try:
            return msgspec.json.decode((Path(folder) / _PUBLIC).read_bytes(), type=dict[str, msgspec.Raw])
        except (OSError, msgspec.DecodeError):
            continue
    return {}
