"""What leaves for each known vendor, against a table: the URL, the headers, the body."""

import re

import pytest
from yarl import URL

from app import presets, relay
from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers.address import origin_of
from app.domain.providers.preset import Preset
from app.domain.providers.provider import WIRES, ProviderType
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint
from app.probe import runner
from app.upstream import auth
from tests.fixtures import make, vendors
from tests.fixtures.upstream import Upstream, answer

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "translated")

# Where a chat goes below the base URL, by type; {resource}, {region} and the like are what a person fills in. Everybody else speaks OpenAI.
CHATS = {
    ProviderType.ANTHROPIC: "/v1/messages",
    ProviderType.AZURE: "/openai/deployments/some%2Fmodel/chat/completions?api-version=2024-10-21",
    ProviderType.BEDROCK: "/model/some%2Fmodel/converse",
}
# Of some the whole address, as the vendor documents it: a base URL that lost a part is seen.
KNOWN = {
    "anthropic": "https://api.anthropic.com/v1/messages",
    "azure-openai": "https://mine.openai.azure.com/openai/v1/chat/completions",
    "bedrock": "https://bedrock-runtime.mine.amazonaws.com/openai/v1/chat/completions",
    "cohere": "https://api.cohere.ai/compatibility/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "ollama": "http://localhost:11434/v1/chat/completions",
    "openai": "https://api.openai.com/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "perplexity": "https://api.perplexity.ai/chat/completions",
    "vertex": "https://mine-aiplatform.googleapis.com/v1/projects/mine/locations/mine/endpoints/openapi/chat/completions",
}
BODY = b'{"model":"some/model","messages":[{"role":"user","content":"Hi"}],"max_tokens":5,"x_vendor":1}'
# What a translated request holds, and how it is signed in, where that is not OpenAI's way.
BODIES = {
    ProviderType.ANTHROPIC: {
        "model": "some/model", "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    },
    ProviderType.BEDROCK: {"inferenceConfig": {"maxTokens": 5}, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    # A deployment's name holds no slash; one that does is kept from leaving its place in the path.
    ProviderType.AZURE: {"model": "some%2Fmodel", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]},
}  # fmt: skip
SIGNED = {
    ProviderType.ANTHROPIC: {"x-api-key": make.SECRET, "anthropic-version": "2023-06-01"},
    ProviderType.AZURE: {"api-key": make.SECRET},
}
SENT = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}


def filled(preset: Preset) -> str:
    return re.sub(r"{\w+}", "mine", preset.base_url)


def here(upstream: Upstream, preset: Preset, auth_type: str = "") -> Endpoint:
    """The preset as a provider, with nothing but the origin moved to the recording server."""
    base = filled(preset)
    moved = upstream.origin + base.removeprefix(str(URL(base).origin()))
    # A token is fetched elsewhere first: tests/upstream/test_oidc.py and tests/upstream/auth.
    kind = auth_type or next(k for k in (preset.auth_types or [preset.auth_type]) if not auth.types()[k].info.needs_token)
    secret = None if kind == "none" else make.SECRET
    return make.endpoint(moved, secret=secret, auth_type=kind, type=preset.type, wire=WIRES[preset.type])


async def send(endpoint: Endpoint, ask: relay.Ask) -> None:
    async with relay.call(endpoint, ask) as reply:
        await reply.read()


def chat_of(preset: Preset) -> str:
    """Where a chat with this vendor goes."""
    return filled(preset).rstrip("/") + CHATS.get(preset.type, "/chat/completions")


@pytest.mark.parametrize("vendor", KNOWN)
def test_the_address_of_a_vendor_is_the_one_it_documents(vendor: str) -> None:
    assert chat_of(presets.get(vendor)) == KNOWN[vendor]


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
async def test_a_chat_leaves_as_the_vendor_wants_it(upstream: Upstream, preset: Preset) -> None:
    speak(upstream, preset)

    await send(here(upstream, preset), relay.Ask("/chat/completions", BODY))

    (heard,) = upstream.heard
    vendor = URL(filled(preset)).origin()
    assert (heard.method, f"{vendor}{heard.path}") == ("POST", chat_of(preset))
    assert heard.json == BODIES[preset.type] if preset.type in BODIES else heard.body == BODY
    key = {} if preset.auth_type == "none" else SIGNED.get(preset.type, {"authorization": f"Bearer {make.SECRET}"})
    assert {name: value for name, value in heard.headers.items() if name not in SENT} == key


@pytest.mark.parametrize("preset", [p for p in presets.all_() if "api_key" in p.auth_types[1:]], ids=lambda p: p.id)
async def test_a_local_server_is_sent_a_key_when_it_has_one(upstream: Upstream, preset: Preset) -> None:
    await send(here(upstream, preset, "api_key"), relay.Ask("/chat/completions", BODY))

    assert upstream.heard[0].headers["authorization"] == f"Bearer {make.SECRET}"


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
async def test_a_test_asks_only_for_what_the_vendor_has(upstream: Upstream, preset: Preset) -> None:
    names = [*preset.test_models[:1], "other-8b"]
    listed = [{"id": name, "object": "model"} for name in names]
    upstream.on("/models", answer(body=listed if preset.model_list == "array" else {"object": "list", "data": listed}))
    upstream.on("/key", answer(body={"data": {}}))
    upstream.on("/v1/models?limit=1000", answer(body={"data": listed}))
    speak(upstream, preset)
    is_named = preset.type in CHATS and preset.type is not ProviderType.ANTHROPIC  # the model stands in the path
    model = "some/model" if is_named else None if preset.model_list != "none" or preset.models else "my-deployment"

    result = await climb(here(upstream, preset), preset, model=model)

    base = URL(filled(preset)).path.rstrip("/")
    paths = [preset.key_check] if preset.key_check else []
    paths += [ROUTES[preset.type].models] if preset.model_list != "none" and preset.key_check != "/models" else []
    chat = chat_of(preset).removeprefix(str(URL(filled(preset)).origin()))
    # A server of one's own that has a key is asked once without it, too: whether its list proves anything.
    asked = [h.path for h in upstream.heard if preset.auth_type == "none" or h.headers.keys() - SENT]
    assert asked == [*(base + path for path in paths), chat]
    assert len(upstream.heard) - len(asked) == (preset.local and preset.auth_type != "none")
    assert (result.ok, StepName.CHAT in result.proven, result.error) == (True, True, None)
    if preset.model_list != "none":
        assert result.models == names


def speak(upstream: Upstream, preset: Preset) -> None:
    """Answer a chat as the preset's vendor does."""
    if preset.type in vendors.PATHS:
        upstream.on(chat_of(preset).removeprefix(str(URL(filled(preset)).origin())), vendors.say(preset.type))


async def climb(endpoint: Endpoint, preset: Preset, **options: object) -> ProbeResult:
    at_home = preset.model_copy(update={"base_url": endpoint.base_url})  # the vendor lives on loopback
    found = [item async for item in runner.run(endpoint, preset=at_home, **options)]  # type: ignore[arg-type]
    assert isinstance(found[-1], ProbeResult)
    return found[-1]


def said(result: ProbeResult) -> dict[str, str]:
    return {step.name: step.message for step in result.steps}


async def test_a_list_that_anybody_may_read_proves_no_key(upstream: Upstream) -> None:
    preset = presets.get("hugging-face")

    result = await climb(here(upstream, preset), preset, depth="models")

    assert (said(result)["credential"], said(result)["models"]) == ("list_is_public", "models_listed")
    assert StepName.CREDENTIAL not in result.proven


async def test_a_vendor_without_a_list_refuses_a_wrong_key_at_the_chat(upstream: Upstream) -> None:
    preset = presets.get("perplexity")
    upstream.on("/chat/completions", answer(401, {"error": {"message": "no"}}))

    result = await climb(here(upstream, preset), preset)

    assert (result.verdict, result.steps[-1].name) == (Verdict.AUTH_FAILED, StepName.CREDENTIAL)
    assert StepName.HTTP not in said(result)
    assert StepName.CREDENTIAL not in result.proven


async def test_a_vendor_without_a_list_is_not_called_for_one(upstream: Upstream) -> None:
    preset = presets.get("perplexity")

    result = await climb(here(upstream, preset), preset, depth="models")

    assert (result.ok, result.verdict, upstream.heard) == (True, Verdict.NO_MODEL_LIST, [])


async def test_what_could_be_deployed_is_not_taken_for_what_is(upstream: Upstream) -> None:
    preset = presets.get("azure-openai")

    result = await climb(here(upstream, preset), preset)

    assert said(result)["credential"] == "key_accepted"
    assert (result.ok, result.models, result.steps[-1].message) == (True, [], "no_model_known")
    assert [h.path for h in upstream.heard] == ["/openai/v1/models"]


async def test_no_two_hosted_vendors_share_a_host() -> None:
    second = {"azure-classic", "bedrock-converse"}  # another protocol of the same vendor
    hosts = [origin_of(filled(p)) for p in presets.all_() if not p.local and p.id not in second]

    assert len(set(hosts)) == len(hosts)
