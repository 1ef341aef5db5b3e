"""What a finding says in English, for REST and the command line. The UI has words of its own for the same codes."""

from collections.abc import Mapping
from typing import Any

from app.domain.probe import Finding, FixAction

_F = Finding

SENTENCES: dict[Finding, str] = {
    _F.ADDRESS_OK: "Calls go to {url}.",
    _F.ADDRESS_FOUND: "The host name was found.",
    _F.LOOK_UP_NOT_NEEDED: "The address needs no look-up.",
    _F.PORT_OPEN: "Something listens at port {port}.",
    _F.SECURE: "The connection is secure.",
    _F.NOT_ENCRYPTED: "The connection is not encrypted.",
    _F.ANSWERS: "It answers (status {status}).",
    _F.KEY_ACCEPTED: "The key was accepted.",
    _F.KEY_NOT_NEEDED: "No key is needed.",
    _F.KEY_LIMITED: "The key was accepted; the provider is limiting requests right now.",
    _F.MODELS_LISTED: "The provider lists {count} models.",
    _F.CHAT_ANSWERED: "{model} answered.",
    _F.CHAT_EMPTY: "{model} answered without text, which reasoning models and short limits do.",
    _F.STREAM_ANSWERED: "{model} answered in a stream.",
    _F.KEY_NOT_TRIED: "The key has not been proven yet.",
    _F.LIST_IS_PUBLIC: "The model list is also answered without the key, so it does not show whether the key works. Test with a chat.",
    _F.KEY_NOT_PROVEN: "Whether the key is accepted could not be found out this way. Test with a chat.",
    _F.LIMITED_UNPROVEN: "The provider is limiting requests right now, so the key could not be tried. Test again later.",
    _F.DEFAULT_NOT_LISTED: "The provider does not list the default model {model}. Choose another one, or test with a chat.",
    _F.NO_MODEL_LIST: "The provider has no list of models. Enter the model's name yourself.",
    _F.STREAM_NOT_OFFERED: "This provider does not stream, as its settings say. It was not tried.",
    _F.NO_MODELS: "The provider lists no model yet. Load or pull one there, then test again.",
    _F.NO_MODEL_KNOWN: "No model is known to chat with. Enter a model's name and test again.",
    _F.ADDRESS_INVALID: "The address is not valid. It should look like https://api.example.com/v1.",
    _F.REFUSED_BY_POLICY: "Patchbay never calls this address: it is reserved, or a service that is not a model provider. Choose another.",
    _F.LOCAL_NOT_APPROVED: "The address is on your own network and is not approved here. Ask an admin to test or save it.",
    _F.KEY_IN_CLEAR: "A key is never sent unencrypted over the internet. Use an address that starts with https://.",
    _F.HOST_NOT_FOUND: "The host name {host} cannot be found. Check its spelling.",
    _F.NO_LOOK_UP: "The host name {host} cannot be looked up. Patchbay's server cannot reach the internet or its DNS; check its network.",
    _F.LOCALHOST_OF_CONTAINER: "Nothing listens at port {port} of {host}, which is the container that Patchbay runs in."
    " Use the name or address of the machine or service that the models run on.",
    _F.CONNECTION_REFUSED: "Nothing listens at port {port} of {host}. Check the port and that the server is running.",
    _F.CONNECTION_LOST: "The connection was closed without an answer. Check the address and the port.",
    _F.TRANSLATOR_DOWN: "The part of Patchbay that speaks this provider's own protocol does not run. Run patchbay doctor on the server.",
    _F.UNREACHABLE: "The address cannot be reached over the network. Check the address and the firewall.",
    _F.CONNECT_TIMEOUT: "No connection within {seconds} s, which is our limit. Check the address, the port and the firewall.",
    _F.TLS_SELF_SIGNED: "The certificate is self-signed and not trusted here. Install one from an authority that this machine trusts.",
    _F.TLS_EXPIRED: "The certificate has expired or is not valid yet. It has to be renewed at the provider.",
    _F.TLS_WRONG_NAME: "The certificate belongs to another name than {host}. Use the name it was issued for.",
    _F.TLS_UNKNOWN_ISSUER: "The certificate comes from an authority that this machine does not trust.",
    _F.TLS_NOT_SPOKEN: "This port does not speak https. Use http://, or the port for https.",
    _F.TLS_EXPECTED: "This port expects https. Use an address that starts with https://.",
    _F.TLS_FAILED: "A secure connection could not be made. Check the address and the port.",
    _F.NOT_HTTP: "Something answers there, but it does not speak HTTP. Check the port.",
    _F.FIRST_BYTE_TIMEOUT: "No answer began within {seconds} s, which is our limit. A local model may still be loading; test again.",
    _F.IDLE_TIMEOUT: "The answer paused for {seconds} s, which is our limit. Test again.",
    _F.TOTAL_TIMEOUT: "The answer took longer than {seconds} s in all, which is our limit. Test again or raise the limit.",
    _F.REDIRECTED: "The address answers with a redirect to {target}, which is never followed. Enter the final address.",
    _F.HTML: "A web page answers there instead of the provider's interface. Check the path of the address.",
    _F.NOT_JSON: "The answer is not JSON. Check the address.",
    _F.ENCODED: "The answer is compressed although none was asked for. Check the server or the proxy in front of it.",
    _F.TOO_LARGE: "The answer is larger than allowed. Check the address.",
    _F.CUT_OFF: "The answer broke off before its end. Test again.",
    _F.NOT_FOUND: "There is nothing at this path (status 404). Check the path of the address.",
    _F.VERSION_DOUBLED: "There is nothing at this path. The version is in the address twice; remove one.",
    _F.VERSION_MISSING: "There is nothing at this path. Most providers want /v1 at the end of the address.",
    _F.PROVIDER_ERROR: "The provider could not answer (status {status}). Try again later, or look at its status page.",
    _F.NO_CREDENTIAL: "There is no key to send. Enter one.",
    _F.KEY_UNREADABLE: "The stored key cannot be read with the present master key. Enter it again.",
    _F.KEY_PLACE_EMPTY: "The source of this key ({place}) has no usable value. Set it there, or enter the key.",
    _F.UNKNOWN_AUTH_TYPE: "This provider signs in in a way that is not known here. Choose another way.",
    _F.KEY_EXPIRED: "The key has passed the expiry date that is set for it here. Enter a new one, or change the date.",
    _F.KEY_REQUIRED: "The server refuses requests without a key (status {status}). Choose an authentication and enter a key.",
    _F.KEY_REFUSED: "The provider did not accept this key (status {status}). Check that it is active and belongs to this account.",
    _F.TOKEN_REFUSED: "The token server {token_host} rejected the client ID, client secret or scope. Check each one exactly.",
    _F.TOKEN_UNREACHABLE: "The token server {token_host} does not respond right now. Check the token address, then test again.",
    _F.TOKEN_BAD_RESPONSE: "{token_host} did not return an access token. Check the token address.",
    _F.RATE_LIMITED: "The key was accepted, but the provider is limiting requests right now. Try again later.",
    _F.NO_CREDIT: "The key was accepted, but the account has no credit or quota left. Top it up at the provider.",
    _F.MODEL_NOT_FOUND: "The provider does not know the model {model}. Choose another one.",
    _F.CHAT_REJECTED: "The provider did not accept the test question (status {status}). Choose another model.",
    _F.NOT_CHAT: "The answer is not that of a chat. Check the path of the address, or choose another model.",
    _F.STREAM_CUT: "The streamed answer broke off before its end. Test again.",
    _F.NOT_STREAMED: "The provider answered in one piece although a stream was asked for.",
}

FIXES: dict[FixAction, str] = {
    FixAction.DROP_VERSION: "Remove the second version",
    FixAction.ADD_VERSION: "Add /v1",
    FixAction.AT_ROOT: "Try without /v1",
    FixAction.USE_HTTPS: "Use https://",
    FixAction.USE_HTTP: "Use http://",
    FixAction.USE_DOCKER_HOST: "Use the machine around the container",
    FixAction.REPLACE_KEY: "Replace the key",
    FixAction.ADD_KEY: "Add a key",
    FixAction.CHOOSE_MODEL: "Choose a model",
    FixAction.TEST_CHAT: "Test with a chat",
    FixAction.SEND_IN_HEADER: "Send the key in this header",
    FixAction.RAISE_LIMIT: "Wait longer",
    FixAction.APPROVE_LOCAL: "Allow this address and test",
}


def sentence(finding: Finding, values: Mapping[str, Any]) -> str:
    """The sentence of a finding with its facts filled in; a fact that is missing reads as "…".

    >>> sentence(Finding.HOST_NOT_FOUND, {"host": "api.exmaple.com"})
    'The host name api.exmaple.com cannot be found. Check its spelling.'
    """
    return SENTENCES[finding].format_map(_Facts(values))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
