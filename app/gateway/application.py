"""`/v1` as one bare ASGI callable: routes, methods, and the last resort."""

import logging
import time

from app.domain.errors import PatchbayError
from app.gateway import errors, exchange, guard, models
from app.gateway.exchange import Receive, Scope, Send
from app.gateway.incoming import BODY_BYTES, CallerLeft, TooLarge
from app.relay import outcomes
from app.relay.outcomes import Outcome

_log = logging.getLogger(__name__)

# Path of ours → path below a provider's base URL.
_POSTS = {"/v1/chat/completions": "/chat/completions", "/v1/embeddings": "/embeddings"}
_LIST = "/v1/models"
_INCOMPLETE = errors.fault(
    408, "The request stopped before it was complete. Send it again.", type_="invalid_request_error", code="request_incomplete"
)
_TOO_LARGE = errors.fault(
    413,
    f"The request is larger than {BODY_BYTES // (1024 * 1024)} MiB, which is the most that is accepted.",
    type_="invalid_request_error",
    code="request_too_large",
)


async def gateway_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request under `/v1`. Cookies and Origin mean nothing here; nothing is answered to a browser's preflight."""
    if scope["type"] != "http":
        return
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
    path: str = scope["path"].rstrip("/")
    method: str = scope["method"]
    if path in _POSTS:
        if method != "POST":
            return await _not_allowed(send, "POST")
        return await exchange.forward(scope, receive, send, _POSTS[path])
    if path == _LIST or path.startswith(_LIST + "/"):
        if method not in ("GET", "HEAD"):
            return await _not_allowed(send, "GET")
        started = time.perf_counter()
        key = await guard.check(scope["headers"])
        body = await models.listing(key) if path == _LIST else models.one(path.removeprefix(_LIST + "/"), key)
        milliseconds = (time.perf_counter() - started) * 1_000
        outcomes.note(Outcome(at=time.time(), client_key_id=key.id, selector="", began_ms=milliseconds, total_ms=milliseconds))
        return await exchange.respond(send, 200, b"" if method == "HEAD" else body)
    await guard.check(scope["headers"])
    message = f"There is nothing at {path[:200]}. Patchbay answers /v1/chat/completions, /v1/embeddings and /v1/models."
    return await exchange.refuse(send, errors.fault(404, message, type_="invalid_request_error", code="unknown_url"))


async def _not_allowed(send: Send, method: str) -> None:
    message = f"This address takes {method} only."
    await exchange.refuse(send, errors.fault(405, message, type_="invalid_request_error", code="method_not_allowed"))
