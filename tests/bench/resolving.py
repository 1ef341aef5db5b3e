"""What it takes to find the route of a selector, in a small registry and in a large one. No process, no network."""

import statistics
import time
from types import MappingProxyType

from app.domain.providers.provider import ProviderType, Wire
from app.domain.snapshot import Endpoint, Snapshot
from app.registry import selector

_TIMES = 20_000


def snapshot(providers: int, models: int) -> Snapshot:
    """`providers` that list `models` each; every model has a name of its own."""
    endpoints = {}
    for number in range(providers):
        name = f"p-{number:04}"
        endpoints[name] = Endpoint(
            id=name,
            name=name,
            label=name,
            type=ProviderType.CUSTOM,
            wire=Wire.OPENAI,
            preset=None,
            base_url="http://127.0.0.1:1/v1",
            origin="http://127.0.0.1:1",
            auth_type="none",
            auth=MappingProxyType({}),
            keys=(),
            models=tuple(f"m-{number:04}-{model:03}" for model in range(models)),
            default_model=None,
            only_listed=False,
            enabled=True,
        )
    by_model = {model: (endpoint.name,) for endpoint in endpoints.values() for model in endpoint.models}
    return Snapshot(revision=1, built_at=0.0, endpoints=endpoints, by_model=by_model)


def microseconds(providers: int, models: int) -> float:
    """One resolve: `provider/model` and bare models by turns, all over the registry. The median of seven runs."""
    held = snapshot(providers, models)
    wanted = []
    for number in range(_TIMES):
        endpoint = held.endpoints[f"p-{number * 7 % providers:04}"]
        model = endpoint.models[number * 13 % models]
        wanted.append(f"{endpoint.name}/{model}" if number % 2 else model)
    runs = []
    for _ in range(7):
        began = time.perf_counter()
        for text in wanted:
            selector.resolve(text, held)
        runs.append((time.perf_counter() - began) / _TIMES * 1e6)
    return statistics.median(runs)
