"""Public prices are used for a vendor at its own address, and for nobody else."""

import msgspec
import pytest

from app.services.usage import prices
from app.services.usage.prices import Price
from tests.fixtures import make

PUBLIC = {
    name: msgspec.Raw(msgspec.json.encode(entry))
    for name, entry in {
        "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
        "mistral/large": {"litellm_provider": "mistral", "input_cost_per_token": 5e-07, "output_cost_per_token": "dear"},
        "odd": {"litellm_provider": "openai", "input_cost_per_token": 3.0},
    }.items()
}


@pytest.mark.parametrize(
    ("preset", "address", "model", "price"),
    [
        pytest.param("openai", "https://api.openai.com/v1", "gpt-4o", Price(2_500_000, 10_000_000, 2_500_000), id="a vendor's model"),
        pytest.param("openai", "https://api.openai.com/v1", "gpt-4o-2099-01-31", Price(2_500_000, 10_000_000, 2_500_000), id="dated"),
        pytest.param("mistral", "https://api.mistral.ai/v1", "large", Price(500_000, 0, 500_000), id="by the vendor's name"),
        pytest.param("openai", "https://proxy.example/v1", "gpt-4o", None, id="somebody else's address"),
        pytest.param("groq", "https://api.groq.com/openai/v1", "gpt-4o", None, id="another vendor's model"),
        pytest.param("openai", "https://api.openai.com/v1", "odd", None, id="dearer than anything is"),
        pytest.param("ollama", "http://localhost:11434/v1", "gpt-4o", None, id="a machine of one's own"),
        pytest.param(None, "https://api.openai.com/v1", "gpt-4o", None, id="an address of no known vendor"),
    ],
)
def test_a_public_price_is_for_its_vendor_only(preset: str | None, address: str, model: str, price: Price | None) -> None:
    assert prices.listed(PUBLIC, make.endpoint(address, preset=preset), model) == price


def test_a_cost_is_whole_billionths_of_a_dollar() -> None:
    assert Price(2_500_000, 10_000_000, 1_250_000).of(1_000, 100, 400) == 1_500_000 + 500_000 + 1_000_000
    assert Price(150, 0, 0).of(3, 0, 0) == 0
    assert Price(150, 0, 0).of(4, 0, 0) == 1


def test_the_list_of_prices_is_found_where_the_library_lies() -> None:
    assert "gpt-4o" in prices._public()
