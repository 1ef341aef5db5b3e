"""Credential → wire → reply."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from app.domain.credential import KeyState
from app.domain.errors import Failed, NoCredential
from app.domain.provider import Wire
from app.domain.snapshot import Endpoint, Key
from app.upstream import auth
from app.upstream.reply import Reply
from app.upstream.wire import litellm, openai
from app.upstream.wire.call import Ask

Send = Callable[[Endpoint, Key | None, Ask], AbstractAsyncContextManager[Reply]]
_WIRES: dict[Wire, Send] = {Wire.OPENAI: openai.send, Wire.LITELLM: litellm.send}
_REPEATABLE: dict[Wire, Callable[[Endpoint, Ask], str]] = {Wire.OPENAI: openai.repeatable, Wire.LITELLM: litellm.repeatable}


def call(endpoint: Endpoint, ask: Ask) -> AbstractAsyncContextManager[Reply]:
    """Call a provider with one of its keys; entered, it gives a success that has begun.

    The endpoint and the key are those the caller holds: an edit meanwhile changes nothing for this call. Raises
    `UpstreamError` (see `upstream.wire`), `NoCredential` before anything is sent.
    """
    return _WIRES[endpoint.wire](endpoint, choose_key(endpoint), ask)


def choose_key(endpoint: Endpoint) -> Key | None:
    """The first active key by priority, then weight; None when the auth type needs none. Raises `NoCredential`."""
    kind = auth.types().get(endpoint.auth_type)
    if kind is None:
        raise NoCredential("This provider signs in in a way that is not known here.", details={"kind": "unknown_auth_type"})
    if endpoint.problem == "malformed":
        raise Failed("The stored settings of this provider cannot be read. Edit and save it again.", details={"kind": "malformed"})
    if not kind.info.secret_fields:
        return None
    usable = [key for key in endpoint.keys if key.state is KeyState.ACTIVE]
    if usable:
        return min(usable, key=lambda key: (key.priority, -key.weight))
    if any(key.state is KeyState.UNREADABLE for key in endpoint.keys):
        raise NoCredential("The stored key cannot be read with the present master key. Enter it again.", details={"kind": "unreadable"})
    raise NoCredential("This provider has no usable key. Enter one.", details={"kind": "missing"})


def repeatable(endpoint: Endpoint, ask: Ask) -> str:
    """The request as a curl command without the secret, for copying."""
    return _REPEATABLE[endpoint.wire](endpoint, ask)
