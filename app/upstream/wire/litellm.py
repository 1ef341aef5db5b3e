"""The wire `litellm`: vendors with a protocol of their own, through the translator; model lists are asked for directly."""

import aiohttp
import msgspec

from app.domain import errors
from app.domain.providers.provider import ProviderType
from app.domain.providers.routes import ANTHROPIC_VERSION, ROUTES, effective_urls
from app.domain.snapshot import Endpoint, Key
from app.domain.translation import FAILURE_HEADER, Failure, Task
from app.upstream import connector, credential, egress, reply, translator
from app.upstream.credential_cache import Opened
from app.upstream.reply import Reply
from app.upstream.wire.call import Ask, Call, headers_of
from app.upstream.wire.openai import curl

_CHAT = "/chat/completions"
_MODELS = "/models"
_NOT_OFFERED = "This provider has its own protocol, and Patchbay supports only chat for it. For {}, use an OpenAI-compatible provider."
_ERRORS: dict[str, type[errors.UpstreamError]] = {
    kind.__name__: kind
    for kind in (
        errors.NoCredential,
        errors.EgressRefused,
        errors.Unreachable,
        errors.TlsFailed,
        errors.TimedOut,
        errors.BadResponse,
        errors.Failed,
    )
}
_FAILURE = msgspec.json.Decoder(Failure)


class Translated(Call):
    """A call whose request and answer the translator rewrites."""

    __slots__ = ()

    async def __aenter__(self) -> Reply:
        if self._ask.body is not None:
            await translator.shared.ready()  # its start is not the provider's time
        return await super().__aenter__()

    async def _begin(self, lent: Opened, context: connector.CallContext) -> aiohttp.ClientResponse:
        if self._ask.body is None:
            return await self._listed(lent, context)
        if self._ask.path != _CHAT:
            raise _not_offered(self._ask.path)
        endpoint = self._endpoint
        task = Task(
            type=endpoint.type,
            base_url=endpoint.base_url,
            rules=egress.rules_for(context.origin),
            connect=endpoint.timeouts.connect,
            headers=dict(lent.headers),
            query=lent.query,
            request=msgspec.Raw(self._ask.body),
            api_version=endpoint.auth.get("api_version", ""),
            signing=credential.task(endpoint, lent.secrets) if lent.is_signed_each else None,
        )
        response = await translator.shared.post(msgspec.json.encode(task))
        if FAILURE_HEADER in response.headers:
            raise await _failure(response)
        return response

    async def _listed(self, lent: Opened, context: connector.CallContext) -> aiohttp.ClientResponse:
        """The vendor's own model list, over our own client. LiteLLM has no part in it."""
        endpoint, ask = self._endpoint, self._ask
        path = ROUTES[endpoint.type].models if ask.path == _MODELS else ""
        if not path:
            raise errors.Failed("This vendor's own protocol has no list of models.", status=404)
        headers = headers_of(ask)
        if endpoint.type is ProviderType.ANTHROPIC:
            headers["anthropic-version"] = ANTHROPIC_VERSION
        return await self._sent(lent, context, path, headers, None)


def send(endpoint: Endpoint, key: Key | None, ask: Ask) -> Call:
    """The call, to be entered with `async with`."""
    return Translated(endpoint, key, ask)


def repeatable(endpoint: Endpoint, ask: Ask) -> str:
    """The address that is called, as a curl command without the secret. The body is the vendor's own and is not shown."""
    task = "models" if ask.body is None else "chat"
    url = effective_urls(endpoint.type, endpoint.base_url, endpoint.auth).get(task, endpoint.base_url)
    return curl(endpoint, url, None)


async def _failure(response: aiohttp.ClientResponse) -> errors.UpstreamError:
    """The translator's own error, as ours. What a provider said never comes this way."""
    async with response:
        said = _FAILURE.decode(await response.content.read(reply.ERROR_BYTES))
    kind = _ERRORS.get(said.error, errors.Failed)
    return kind(said.message, status=said.status, details=said.details)


def _not_offered(path: str) -> errors.Failed:
    message = _NOT_OFFERED.format(path.removeprefix("/"))
    said = {"message": message, "type": "invalid_request_error", "code": "not_offered", "param": "model"}
    return errors.Failed(message, status=400, details={"error": said})
