"""Credential → wire → reply; another key where the provider refused one."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from app.domain.error_kind import ErrorKind
from app.domain.errors import Failed, NoCredential, RateLimited, Refused
from app.domain.providers.provider import Wire
from app.domain.snapshot import Endpoint, Key
from app.relay import keys
from app.upstream import auth
from app.upstream.reply import Reply
from app.upstream.wire import litellm, openai
from app.upstream.wire.call import Ask

Send = Callable[[Endpoint, Key | None, Ask], AbstractAsyncContextManager[Reply]]
_WIRES: dict[Wire, Send] = {Wire.OPENAI: openai.send, Wire.LITELLM: litellm.send}
_REPEATABLE: dict[Wire, Callable[[Endpoint, Ask], str]] = {Wire.OPENAI: openai.repeatable, Wire.LITELLM: litellm.repeatable}

_SENT = Ask("")  # in place of what is under way: nobody keeps a large body longer than it is needed


class Calling:
    """One call, with as many attempts as the provider has keys and as it refuses. Nothing is sent again that was accepted, and
    nothing after a success began; time-outs and failures of the provider are no reason to try another key of it."""

    __slots__ = ("_ask", "_attempt", "_endpoint", "keys")

    def __init__(self, endpoint: Endpoint, ask: Ask) -> None:
        self._endpoint, self._ask = endpoint, ask
        self.keys: tuple[Key, ...] = ()  # that were tried, the last one last
        self._attempt: AbstractAsyncContextManager[Reply] | None = None

    @property
    def key_id(self) -> str:
        """Of the last attempt, "" where none was made with a key."""
        return self.keys[-1].id if self.keys else ""

    async def __aenter__(self) -> Reply:
        endpoint, ask, self._ask = self._endpoint, self._ask, _SENT
        send = _WIRES[endpoint.wire]
        if not _needs_key(endpoint):
            self._attempt = send(endpoint, None, ask)
            try:
                return await self._attempt.__aenter__()
            except Refused as error:
                raise _key_wanted(error) from error
        key = keys.choose(endpoint)
        if key is None:
            raise keys.none_left(endpoint)
        tried: tuple[str, ...] = ()
        while True:
            self.keys = (*self.keys, key)
            self._attempt = send(endpoint, key, ask)
            try:
                reply = await self._attempt.__aenter__()
            except (Refused, RateLimited, NoCredential) as error:
                keys.failed(endpoint, key, error, is_proof=ask.body is not None)
                tried = (*tried, key.id)
                following = keys.choose(endpoint, tried) if keys.is_about_the_key(error) else None
                if following is None:
                    raise
                key = following
            else:
                keys.answered(endpoint, key, is_proof=ask.body is not None)
                return reply

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._attempt is not None:
            await self._attempt.__aexit__(kind, error, trace)


def call(endpoint: Endpoint, ask: Ask) -> Calling:
    """Call a provider with one of its keys; entered, it gives a success that has begun.

    The endpoint and its keys are those the caller holds: an edit meanwhile changes nothing for this call. Raises `UpstreamError`
    (see `upstream.wire`), that of the last key where several were refused; `NoCredential` before anything is sent.
    """
    return Calling(endpoint, ask)


def repeatable(endpoint: Endpoint, ask: Ask) -> str:
    """The request as a curl command without the secret, for copying."""
    return _REPEATABLE[endpoint.wire](endpoint, ask)


def _key_wanted(error: Refused) -> Refused:
    """There was no key that the provider could have refused."""
    if error.kind is not ErrorKind.KEY:
        return error
    sentence = "The provider refuses requests without a key, and none is set up for it here. An admin can enter one."
    return Refused(sentence, detail=error.detail, status=error.status, details={"kind": ErrorKind.NO_KEY})


def _needs_key(endpoint: Endpoint) -> bool:
    """Whether calls carry a secret. Raises what makes a call impossible whatever the key."""
    kind = auth.types().get(endpoint.auth_type)
    if kind is None:
        raise NoCredential("Patchbay does not support this provider's authentication.", details={"kind": ErrorKind.UNKNOWN_AUTH_TYPE})
    if endpoint.problem == "malformed":
        raise Failed("The saved settings of this provider cannot be read. Edit and save them again.", details={"kind": ErrorKind.MALFORMED})
    return bool(kind.info.secret_fields)
