"""`/v1` as one bare ASGI callable: routes, methods, and the last resort."""

import logging
import time
from dataclasses import replace

from app.asgi_types import Message, Receive, Scope, Send
from app.domain.errors import PatchbayError
from app.gateway import errors, exchange, guard, models, provider_models
from app.gateway.incoming import BODY_BYTES, CallerLeft, TooLarge
from app.gateway.operations import OPERATIONS
from app.relay import outcomes
from app.relay.outcomes import Outcome

_log = logging.getLogger(__name__)

_LIST = "/v1/models"
_PROVIDERS = "/v1/providers/"
_STORED = "/v1/responses/"
_NOTHING = (
    "There is nothing at {path}. Patchbay accepts POST at "
    + ", ".join(OPERATIONS)
    + " and GET at /v1/models; the same below /v1/providers/{name} for one provider."
)
_NOT_KEPT = (
    "Stored responses cannot be read here: the ID does not say which provider stores them. Use the response of POST /v1/responses; "
    "send its ID as previous_response_id, with a model of the same provider."
)
_INCOMPLETE = errors.fault(
    408, "The request ended before it was complete. Send it again.", type_="invalid_request_error", code="request_incomplete"
)
_TOO_LARGE = errors.fault(
    413,
    f"The request is larger than {BODY_BYTES // (1024 * 1024)} MiB, the maximum.",
    type_="invalid_request_error",
    code="request_too_large",
)


async def gateway_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request under `/v1`. Cookies and Origin mean nothing here; nothing is answered to a browser's preflight."""
    if scope["type"] != "http":
        return
    if scope["method"] == "HEAD":
        send = _bodiless(send)
    try:
        await _route(scope, receive, send)
    except CallerLeft:
        await exchange.refuse(send, _INCOMPLETE)  # heard by a caller who stalled and is still there
    except TooLarge:
        await exchange.refuse(send, _TOO_LARGE)
    except PatchbayError as error:
        await exchange.refuse(send, errors.answer(error))
    # The edge: whatever was not foreseen is logged and answered without a word about the inside.
    except Exception:  # noqa: BLE001
        _log.exception("a request to the gateway failed")
        await exchange.refuse(send, errors.answer(PatchbayError("")))


async def _route(scope: Scope, receive: Receive, send: Send) -> None:
    path, provider = scope["path"].rstrip("/"), ""
    if path.startswith(_PROVIDERS):
        provider, _, rest = path.removeprefix(_PROVIDERS).partition("/")
        path = f"/v1/{rest}" if provider else ""
    if (operation := OPERATIONS.get(path)) is not None:
        if scope["method"] != "POST":
            return await _not_allowed(send, "POST")
        return await exchange.forward(scope, receive, send, operation, provider)
    if path == _LIST or path.startswith(_LIST + "/"):
        if scope["method"] not in ("GET", "HEAD"):
            return await _not_allowed(send, "GET")
        if provider and path == _LIST:
            return await provider_models.answer(scope, receive, send, provider)
        return await _models(scope, send, path.removeprefix(_LIST)[1:], provider)
    await guard.check(scope["headers"])
    if path.startswith(_STORED):
        return await exchange.refuse(send, errors.fault(404, _NOT_KEPT, type_="invalid_request_error", code="not_offered"))
    message = _NOTHING.replace("{path}", scope["path"][:200])
    return await exchange.refuse(send, errors.fault(404, message, type_="invalid_request_error", code="unknown_url"))


async def _models(scope: Scope, send: Send, name: str, provider: str) -> None:
    """What may be named, or the one of this name."""
    started = time.perf_counter()
    key = await guard.check(scope["headers"])
    body = models.one(name, key, provider) if name else await models.listing(key)
    milliseconds = (time.perf_counter() - started) * 1_000
    outcomes.note(Outcome(at=time.time(), client_key_id=key.id, selector="", began_ms=milliseconds, total_ms=milliseconds))
    await exchange.respond(send, 200, body)


async def _not_allowed(send: Send, method: str) -> None:
    message = f"This address accepts {method} only."
    refusal = errors.fault(405, message, type_="invalid_request_error", code="method_not_allowed")
    allow = b"GET, HEAD" if method == "GET" else method.encode()
    await exchange.refuse(send, replace(refusal, headers=((b"allow", allow),)))


def _bodiless(send: Send) -> Send:
    """`send` for HEAD: the headers of GET, its length among them, and nothing behind them."""

    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending
