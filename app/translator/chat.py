"""One chat through LiteLLM: OpenAI's shape in, OpenAI's shape out."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue

from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, Failed, UpstreamError
from app.domain.providers.provider import ProviderType
from app.domain.providers.routes import AZURE_API_VERSION
from app.domain.translation import Task
from app.translator.passage import Passage
from app.upstream import failures

# LiteLLM takes a key from its environment when it is given none, and sends it anywhere. It gets this, and the guard puts the real
# one on the request that leaves.
PLACEHOLDER = "signed-by-the-guard"
# What a caller may ask for. Everything else stays here: LiteLLM reads api_base, mock_response and the like from the same arguments.
_FIELDS = frozenset(
    {"messages", "temperature", "top_p", "top_k", "n", "stop", "max_tokens", "max_completion_tokens", "presence_penalty"}
    | {"frequency_penalty", "logit_bias", "user", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"}
    | {"response_format", "seed", "logprobs", "top_logprobs", "reasoning_effort", "thinking", "stream_options", "modalities", "prediction"}
    | {"verbosity", "service_tier", "web_search_options"}
)
_TOP = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
_SAID = ("role", "content", "refusal", "reasoning_content", "tool_calls", "annotations", "audio")
_DETAILS = {"prompt_tokens_details": ("cached_tokens",), "completion_tokens_details": ("reasoning_tokens",)}
_UNFIT = "This request cannot be put into the provider's own protocol. Check its messages, tools and parameters."
_NO_NAME = "The provider has no model with this name."
_ONE_ANSWER = "This provider returns one answer per request. Remove n, or send the request several times."
_ELSEWHERE = (
    "This provider's own protocol carries images inside the request, and Patchbay fetches none from elsewhere. Send them as data: URLs."
)


async def complete(task: Task) -> dict[str, JsonValue]:
    """A whole answer. Raises whatever LiteLLM raises: the passage knows what happened."""
    import litellm

    return _plain(await litellm.acompletion(**_arguments(task)))


async def stream(task: Task, passage: Passage) -> AsyncGenerator[dict[str, JsonValue], None]:
    """The events of an answer. Raises `UpstreamError` when the vendor's stream ends without saying that it is complete."""
    import litellm

    wants_usage = (task.request.get("stream_options") or {}).get("include_usage") is True
    usage: JsonValue = None
    last: dict[str, JsonValue] = {}
    parts: Any = await litellm.acompletion(**_arguments(task), stream=True)
    async for part in parts:
        chunk = _plain(part)
        usage = chunk.pop("usage", None) or usage
        choices = [choice for choice in _objects(chunk["choices"]) if _says_something(choice)]
        if any(choice["finish_reason"] for choice in choices) and not passage.has_ended:
            raise failures.bad_response(ErrorKind.CUT_OFF)
        if choices:
            last = {**chunk, "choices": [*choices]}
            yield last
    if not passage.has_ended:
        raise failures.bad_response(ErrorKind.CUT_OFF)
    if wants_usage and usage:
        yield {**last, "choices": [], "usage": usage}


def failure(error: BaseException, task: Task, passage: Passage) -> UpstreamError:
    """What to call an error of LiteLLM's when no provider said anything. Its text is never used: it may repeat anything."""
    if isinstance(error, UpstreamError):
        return error
    if passage.failure is not None:
        return passage.failure
    if passage.is_used:
        return BadResponse("The provider's response cannot be read.", details={"kind": ErrorKind.NOT_JSON, "by": type(error).__name__})
    by = type(error).__name__
    return unfit("remote_content", _ELSEWHERE, by=by) if _points_elsewhere(task.request) else unfit(by=by)


def unfit(code: str = "not_translatable", message: str = _UNFIT, *, by: str = "") -> Failed:
    """The caller's own mistake; `by` names what stumbled over it."""
    said = {"message": message, "type": "invalid_request_error", "code": code, "param": "messages"}
    return Failed(message, detail=message, status=400, details={"error": said, "by": by})


def _arguments(task: Task) -> dict[str, Any]:
    """The call. `drop_params`: what a vendor does not know of OpenAI's parameters is left out, so that an application written for
    OpenAI works unchanged; refusing would make `seed` or `user` an error."""
    model = _named(str(task.request.get("model", "")))
    route: dict[ProviderType, dict[str, str]] = {
        ProviderType.ANTHROPIC: {"model": model, "custom_llm_provider": "anthropic", "api_base": task.base_url},
        ProviderType.BEDROCK: {
            "model": f"converse/{model}", "custom_llm_provider": "bedrock", "api_base": task.base_url, "aws_region_name": "us-east-1",
        },
        ProviderType.AZURE: {
            "model": quote(model, safe=""), "custom_llm_provider": "azure", "api_base": task.base_url,
            "api_version": task.api_version or AZURE_API_VERSION,
        },
    }  # fmt: skip
    asked = _asked(task)
    rules = {"api_key": PLACEHOLDER, "max_retries": 0, "num_retries": 0, "drop_params": True, "timeout": 3_600.0}
    # By the names of models it guesses which parameters each knows, and would leave the tools of a new one out without a word; and
    # everything of a deployment, which may have any name.
    kept = list(asked) if task.type is ProviderType.AZURE else ["tools", "tool_choice"] if asked.get("tools") else []
    # Its MCP gateway would call tools by itself; without the last of these it is even imported for every request that has tools.
    return {**asked, **route[task.type], **rules, "allowed_openai_params": kept, "_skip_mcp_handler": True}


def _named(model: str) -> str:
    """The model's name, which becomes a part of a path: LiteLLM quotes it for Bedrock and not for Azure, and no quoting stops dots."""
    if model.strip(".") == "":
        said = {"message": _NO_NAME, "type": "invalid_request_error", "code": "model_not_found", "param": "model"}
        raise Failed(_NO_NAME, status=404, details={"error": said})
    return model


def _asked(task: Task) -> dict[str, JsonValue]:
    """The caller's own fields. Raises `Failed` for what would be answered as if something else had been asked."""
    asked = {name: value for name, value in task.request.items() if name in _FIELDS and value is not None}
    if task.type is not ProviderType.AZURE and asked.get("n", 1) != 1:
        raise _refusal(_ONE_ANSWER, "unsupported_parameter", "n")
    if task.type is ProviderType.BEDROCK and asked.get("tool_choice") == "none":
        for name in ("tools", "tool_choice", "parallel_tool_calls"):  # it has no word for this, and LiteLLM sends it OpenAI's
            asked.pop(name, None)
    return asked


def _refusal(message: str, code: str, param: str, *, by: str = "") -> Failed:
    """An error of the request, which its author can mend."""
    said = {"message": message, "type": "invalid_request_error", "code": code, "param": param}
    return Failed(message, detail=message, status=400, details={"error": said, "by": by})


def _plain(answer: Any) -> dict[str, JsonValue]:  # Any: LiteLLM's own classes
    """What OpenAI's protocol knows of an answer or an event; LiteLLM adds much of its own, made-up costs included."""
    document: dict[str, JsonValue] = answer.model_dump(mode="json", exclude_none=True)
    plain = _only(document, _TOP)
    plain["choices"] = [_choice(choice) for choice in _objects(document.get("choices"))]
    if isinstance(usage := document.get("usage"), dict):
        plain["usage"] = _usage(usage)
    return plain


def _choice(choice: Mapping[str, JsonValue]) -> JsonValue:
    plain: dict[str, JsonValue] = {"index": 0, "finish_reason": None, **_only(choice, ("index", "finish_reason", "logprobs"))}
    if isinstance(message := choice.get("message"), dict):
        for called in _objects(message.get("tool_calls")):
            called.pop("index", None)
        plain["message"] = {"content": None, **_only(message, _SAID)}
    if isinstance(delta := choice.get("delta"), dict):
        plain["delta"] = _only(delta, _SAID)
    return plain


def _usage(usage: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    plain = _only(usage, ("prompt_tokens", "completion_tokens", "total_tokens"))
    for part, known in _DETAILS.items():
        said = usage.get(part)
        details: dict[str, JsonValue] = {name: said[name] for name in known if said.get(name)} if isinstance(said, dict) else {}
        if details:
            plain[part] = details
    return plain


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    """The objects of a list; none where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _only(document: Mapping[str, JsonValue], names: Iterable[str]) -> dict[str, JsonValue]:
    return {name: document[name] for name in names if name in document}


def _points_elsewhere(request: Mapping[str, Any]) -> bool:
    """Whether a message holds an image by its address. Some vendors fetch it themselves; for others LiteLLM would."""
    contents = [message.get("content") for message in request.get("messages") or () if isinstance(message, dict)]
    parts = [part for content in contents if isinstance(content, list) for part in content if isinstance(part, dict)]
    images = [part["image_url"] for part in parts if "image_url" in part]
    return any(str(image.get("url") if isinstance(image, dict) else image).startswith("http") for image in images)


def _says_something(choice: Mapping[str, JsonValue]) -> bool:
    return bool(choice.get("delta") or choice.get("finish_reason"))
