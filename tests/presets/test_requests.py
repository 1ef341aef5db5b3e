"""What leaves for each known vendor, against a table: the URL, the headers, the body."""

import pytest
from yarl import URL

from app import presets
from app.domain.address import origin_of
from app.domain.preset import Preset
from app.domain.probe import Finding, ProbeResult, Rung, Verdict
from app.domain.snapshot import Endpoint
from app.relay import ladder
from app.upstream.wire import openai
from tests.fixtures import make
from tests.fixtures.upstream import Upstream, answer

pytestmark = pytest.mark.usefixtures("vault", "outgoing")

# Where a chat goes, in full. {resource} and {region} are what a person fills in.
CHATS = {
    "azure-openai": "https://mine.openai.azure.com/openai/v1/chat/completions",
    "bedrock": "https://bedrock-runtime.mine.amazonaws.com/openai/v1/chat/completions",
    "cerebras": "https://api.cerebras.ai/v1/chat/completions",
    "cohere": "https://api.cohere.ai/compatibility/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "hugging-face": "https://router.huggingface.co/v1/chat/completions",
    "litellm": "http://localhost:4000/v1/chat/completions",
    "llama-cpp": "http://localhost:8080/v1/chat/completions",
    "lm-studio": "http://localhost:1234/v1/chat/completions",
    "localai": "http://localhost:8080/v1/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "moonshot": "https://api.moonshot.ai/v1/chat/completions",
    "nvidia": "https://integrate.api.nvidia.com/v1/chat/completions",
    "ollama": "http://localhost:11434/v1/chat/completions",
    "openai": "https://api.openai.com/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "perplexity": "https://api.perplexity.ai/chat/completions",
    "sambanova": "https://api.sambanova.ai/v1/chat/completions",
    "together": "https://api.together.ai/v1/chat/completions",
    "vllm": "http://localhost:8000/v1/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
}
WITHOUT_KEY = {"llama-cpp", "lm-studio", "localai", "ollama", "vllm"}
BODY = b'{"model":"some/model","messages":[],"x_vendor":1}'
SENT = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}


def filled(preset: Preset) -> str:
    return preset.base_url.replace("{resource}", "mine").replace("{region}", "mine")


def here(upstream: Upstream, preset: Preset, auth_type: str = "") -> Endpoint:
    """The preset as a provider, with nothing but the origin moved to the recording server."""
    base = filled(preset)
    moved = upstream.origin + base.removeprefix(str(URL(base).origin()))
    return make.endpoint(moved, secret=make.SECRET if (auth_type or preset.auth_type) == "api_key" else None)


async def send(endpoint: Endpoint, ask: openai.Ask) -> None:
    async with openai.send(endpoint, next(iter(endpoint.keys), None), ask) as reply:
        await reply.read()


async def test_the_table_knows_every_preset() -> None:
    assert {p.id for p in presets.all_()} == CHATS.keys()
    assert {p.id for p in presets.all_() if p.auth_type == "none"} == WITHOUT_KEY


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
async def test_a_chat_leaves_as_the_vendor_wants_it(upstream: Upstream, preset: Preset) -> None:
    await send(here(upstream, preset), openai.Ask("/chat/completions", BODY))

    (heard,) = upstream.heard
    vendor = URL(filled(preset)).origin()
    assert (heard.method, f"{vendor}{heard.path}") == ("POST", CHATS[preset.id])
    assert heard.body == BODY
    key = {} if preset.id in WITHOUT_KEY else {"authorization": f"Bearer {make.SECRET}"}
    assert {name: value for name, value in heard.headers.items() if name not in SENT} == key


@pytest.mark.parametrize("preset", [p for p in presets.all_() if "api_key" in p.auth_types[1:]], ids=lambda p: p.id)
async def test_a_local_server_is_sent_a_key_when_it_has_one(upstream: Upstream, preset: Preset) -> None:
    await send(here(upstream, preset, "api_key"), openai.Ask("/chat/completions", BODY))

    assert upstream.heard[0].headers["authorization"] == f"Bearer {make.SECRET}"


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
async def test_a_test_asks_only_for_what_the_vendor_has(upstream: Upstream, preset: Preset) -> None:
    names = [*preset.test_models[:1], "other-8b"]
    listed = [{"id": name, "object": "model"} for name in names]
    upstream.on("/models", answer(body=listed if preset.model_list == "array" else {"object": "list", "data": listed}))
    upstream.on("/key", answer(body={"data": {}}))

    result = await climb(here(upstream, preset), preset, model=None if preset.id != "azure-openai" else "my-deployment")

    base = URL(filled(preset)).path.rstrip("/")
    paths = [preset.key_check] if preset.key_check else []
    paths += ["/models"] if preset.model_list != "none" and preset.key_check != "/models" else []
    assert [h.path for h in upstream.heard] == [base + path for path in [*paths, "/chat/completions"]]
    assert (result.ok, Rung.CHAT in result.proven, result.error) == (True, True, None)
    if preset.model_list != "none":
        assert result.models == names


async def climb(endpoint: Endpoint, preset: Preset, **options: object) -> ProbeResult:
    found = [item async for item in ladder.run(endpoint, preset=preset, **options)]  # type: ignore[arg-type]
    assert isinstance(found[-1], ProbeResult)
    return found[-1]


def said(result: ProbeResult) -> dict[str, str]:
    return {step.name: step.message for step in result.steps}


async def test_a_list_that_anybody_may_read_proves_no_key(upstream: Upstream) -> None:
    preset = presets.get("hugging-face")

    result = await climb(here(upstream, preset), preset, depth="models")

    assert (said(result)["credential"], said(result)["models"]) == (Finding.KEY_NOT_TRIED, Finding.MODELS_LISTED)
    assert Rung.CREDENTIAL not in result.proven


async def test_a_vendor_without_a_list_refuses_a_wrong_key_at_the_chat(upstream: Upstream) -> None:
    preset = presets.get("perplexity")
    upstream.on("/chat/completions", answer(401, {"error": {"message": "no"}}))

    result = await climb(here(upstream, preset), preset)

    assert (result.verdict, result.steps[-1].name) == (Verdict.AUTH_FAILED, Rung.CHAT)
    assert Rung.HTTP not in said(result)
    assert Rung.CREDENTIAL not in result.proven


async def test_a_vendor_without_a_list_is_not_called_for_one(upstream: Upstream) -> None:
    preset = presets.get("perplexity")

    result = await climb(here(upstream, preset), preset, depth="models")

    assert (result.ok, result.verdict, upstream.heard) == (True, Verdict.NO_MODEL_LIST, [])


async def test_what_could_be_deployed_is_not_taken_for_what_is(upstream: Upstream) -> None:
    preset = presets.get("azure-openai")

    result = await climb(here(upstream, preset), preset)

    assert said(result)["credential"] == Finding.KEY_ACCEPTED
    assert (result.ok, result.models, result.steps[-1].message) == (True, [], Finding.NO_MODEL_KNOWN)
    assert [h.path for h in upstream.heard] == ["/openai/v1/models"]


async def test_no_two_hosted_vendors_share_a_host() -> None:
    hosts = [origin_of(filled(p)) for p in presets.all_() if not p.local]

    assert len(set(hosts)) == len(hosts)
