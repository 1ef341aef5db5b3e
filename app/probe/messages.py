"""What a finding says in English, for REST and the command line. The UI has words of its own for the same codes."""

from collections.abc import Mapping
from typing import Any

from app.domain.probes.probe import Finding, FixAction

_F = Finding

SENTENCES: dict[Finding, str] = {
    _F.ADDRESS_OK: "Requests go to {url}.",
    _F.ADDRESS_FOUND: "The host name was found.",
    _F.LOOK_UP_NOT_NEEDED: "The address needs no lookup.",
    _F.PORT_OPEN: "Port {port} is open.",
    _F.SECURE: "The connection is secure.",
    _F.NOT_ENCRYPTED: "The connection is not encrypted.",
    _F.ANSWERS: "The server responds (status {status}).",
    _F.KEY_ACCEPTED: "The key was accepted.",
    _F.KEY_NOT_NEEDED: "No key is needed.",
    _F.KEY_LIMITED: "The key was accepted; the provider is limiting requests right now.",
    _F.MODELS_LISTED: "The provider lists {count} models.",
    _F.CHAT_ANSWERED: "{model} answered.",
    _F.CHAT_EMPTY: "{model} replied with no text, as reasoning models with a short limit do.",
    _F.STREAM_ANSWERED: "{model} streamed its answer.",
    _F.KEY_NOT_TRIED: "The key is not confirmed yet.",
    _F.LIST_IS_PUBLIC: "The model list is also answered without the key, so it does not show whether the key works. Test with a chat.",
    _F.KEY_NOT_PROVEN: "Whether the key is accepted could not be found out this way. Test with a chat.",
    _F.LIMITED_UNPROVEN: "The provider is limiting requests right now, so the key could not be tested. Test again later.",
    _F.DEFAULT_NOT_LISTED: "The provider does not list the default model {model}. Choose another one, or test with a chat.",
    _F.NO_MODEL_LIST: "The provider does not list its models. Enter the model you want to use.",
    _F.STREAM_NOT_OFFERED: "Skipped, because streaming is set to no for this provider.",
    _F.NO_MODELS: "The model list is empty. Load a model on the server first, then test again.",
    _F.NO_MODEL_KNOWN: "No model to test. Enter one and test again.",
    _F.ADDRESS_INVALID: "The address is not valid. It should look like https://api.example.com/v1.",
    _F.REFUSED_BY_POLICY: "Patchbay never calls this address: it is reserved, or a service that is no model provider. Choose another one.",
    _F.LOCAL_NOT_APPROVED: "The address is on your network and is not allowed yet. An admin allows it by testing or saving.",
    _F.KEY_IN_CLEAR: "Keys are never sent unencrypted over the internet. Use an address that starts with https://.",
    _F.HOST_NOT_FOUND: "The host name {host} cannot be found. Check its spelling.",
    _F.NO_LOOK_UP: "The host name {host} cannot be looked up. Patchbay's server cannot reach the internet or its DNS; check its network.",
    _F.LOCALHOST_OF_CONTAINER: "Nothing responds at {host}, port {port}: this is the container that Patchbay runs in."
    " Use the name or address of the machine or service that the models run on.",
    _F.CONNECTION_REFUSED: "Nothing responds at {host}, port {port}. Check that the server is running and the port is correct.",
    _F.CONNECTION_LOST: "The connection was closed without a response. Check the address and the port.",
    _F.TRANSLATOR_DOWN: "The part of Patchbay that handles this provider's own protocol is not running. Run patchbay doctor on the server.",
    _F.UNREACHABLE: "The address cannot be reached over the network. Check the address and the firewall.",
    _F.CONNECT_TIMEOUT: "No connection within {seconds} s, which is the limit. Check the address, the port and the firewall.",
    _F.TLS_SELF_SIGNED: "The certificate is self-signed. Use one from an issuer that this machine trusts.",
    _F.TLS_EXPIRED: "The certificate has expired or is not valid yet. The server's operator must renew it.",
    _F.TLS_WRONG_NAME: "The certificate is not for {host}. Use the name it was issued for.",
    _F.TLS_UNKNOWN_ISSUER: "The certificate comes from an issuer that this machine does not trust.",
    _F.TLS_NOT_SPOKEN: "This port does not use HTTPS. Use http://, or the HTTPS port.",
    _F.TLS_EXPECTED: "This port accepts only HTTPS. Use an address that starts with https://.",
    _F.TLS_FAILED: "The secure connection failed. Check the address and the port.",
    _F.NOT_HTTP: "The server responds, but not with HTTP. Check the port.",
    _F.FIRST_BYTE_TIMEOUT: "No response within {seconds} s, which is the limit. A local model may still be loading; test again.",
    _F.IDLE_TIMEOUT: "The response paused for {seconds} s, which is the limit. Test again.",
    _F.TOTAL_TIMEOUT: "The whole response took longer than {seconds} s, which is the limit. Test again or raise the limit.",
    _F.REDIRECTED: "The server redirects to {target}, which Patchbay never follows. Enter the final address.",
    _F.HTML: "The server returned a web page instead of data. Check the path of the address.",
    _F.NOT_JSON: "The response is not JSON. Check the address.",
    _F.ENCODED: "The response is compressed, but Patchbay asked for plain text. Check the server or the proxy in front of it.",
    _F.TOO_LARGE: "The response is larger than allowed. Check the address.",
    _F.CUT_OFF: "The response ended before it was complete. Test again.",
    _F.NOT_FOUND: "There is nothing at this path (status 404). Check the path of the address.",
    _F.VERSION_DOUBLED: "There is nothing at this path. The version is in the address twice; remove one.",
    _F.VERSION_MISSING: "There is nothing at this path. Most providers want /v1 at the end of the address.",
    _F.PROVIDER_ERROR: "The provider reported an internal error (status {status}). Try again later, or check its status page.",
    _F.NO_CREDENTIAL: "This provider needs a key. Enter one.",
    _F.KEY_UNREADABLE: "The saved key cannot be read with the current master key. Enter it again.",
    _F.KEY_PLACE_EMPTY: "The source of this key ({place}) has no usable value. Set it there, or enter the key.",
    _F.UNKNOWN_AUTH_TYPE: "Patchbay does not support this provider's authentication. Choose another one.",
    _F.KEY_EXPIRED: "The key has passed the expiry date that is set for it here. Enter a new one, or change the date.",
    _F.KEY_REQUIRED: "The server refuses requests without a key (status {status}). Choose an authentication and enter a key.",
    _F.KEY_REFUSED: "The provider rejected this key (status {status}). Check that it is active and belongs to this account.",
    _F.TOKEN_REFUSED: "The token server {token_host} rejected the client ID, client secret or scope. Check each one exactly.",
    _F.TOKEN_UNREACHABLE: "The token server {token_host} does not respond right now. Check the token address, then test again.",
    _F.TOKEN_BAD_RESPONSE: "{token_host} did not return an access token. Check the token address.",
    _F.RATE_LIMITED: "The key was accepted, but the provider is limiting requests right now. Try again later.",
    _F.NO_CREDIT: "The key was accepted, but the account has no credit or quota left. Add credit at the provider.",
    _F.MODEL_NOT_FOUND: "The provider has no model named {model}. Choose another one.",
    _F.CHAT_REJECTED: "The provider rejected the chat request (status {status}). Choose another model.",
    _F.NOT_CHAT: "The response is not a chat response. Check the path of the address, or choose another model.",
    _F.STREAM_CUT: "The streamed answer ended before it was complete. Test again.",
    _F.NOT_STREAMED: "The provider did not stream its answer.",
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
