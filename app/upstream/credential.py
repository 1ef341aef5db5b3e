"""Opens the secrets of one call and signs it with them, fetching a token first where one is needed; refuses everything that must not
leave (SECURITY 1.4, 1 and 21)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from yarl import URL

from app.domain.credentials.auth_field import AuthField
from app.domain.credentials.credential import Reference, reference_in
from app.domain.credentials.token import TokenInfo
from app.domain.error_kind import ErrorKind
from app.domain.errors import NoCredential, SecretUnreadable, VaultError
from app.domain.providers.address import origin_of
from app.domain.providers.provider import Wire
from app.domain.providers.routes import ROUTES
from app.domain.secret import Binding, Secret
from app.domain.snapshot import Endpoint, Key
from app.domain.translation import Signing
from app.upstream import auth, references, signing
from app.upstream.access_tokens import token_server, tokens
from app.upstream.auth import AuthType
from app.upstream.outgoing import Outgoing
from app.vault.open import open_secret

TOKEN = "access_token"  # noqa: S105 - the name of a field
_ANY = URL("https://any.invalid")  # a reusable type signs every request alike
_origin = lru_cache(4096)(origin_of)


async def ready(endpoint: Endpoint, key: Key | None) -> Mapping[str, Secret]:
    """Field → secret for one call; of a type that signs in with a token that token alone, as `access_token`.

    Raises `NoCredential` when a secret is needed and cannot be used, `TokenRefused` and the like when no token is to be had;
    nothing is sent to the provider then.
    """
    kind = _kind(endpoint)
    if kind.load is not None and endpoint.wire is Wire.OPENAI:  # the translator loads it where the request is made
        await asyncio.to_thread(kind.load)
    if kind.grant is None:
        return opened(endpoint, key)
    return {TOKEN: await tokens.shared.get(*_asked(endpoint, _usable(endpoint, key)))}


def is_lasting(endpoint: Endpoint, key: Key) -> bool:
    """Whether what a key opens to is the same at the next call: no token, and no reference to a place that may say something else."""
    return _kind(endpoint).grant is None and not key.references


async def renewed(endpoint: Endpoint, key: Key | None, refused: Mapping[str, Secret]) -> Mapping[str, Secret] | None:
    """The same with another token, after the provider answered 401 to this one; None when there is no sense in trying."""
    if _kind(endpoint).grant is None:
        return None
    token = await tokens.shared.renewed(*_asked(endpoint, _usable(endpoint, key)), refused=refused[TOKEN])
    return None if token is None else {TOKEN: token}


def note_useless(endpoint: Endpoint, key: Key | None) -> None:
    """A new token was refused as well: it is not the token that is wrong."""
    tokens.shared.note_useless(_asked(endpoint, _usable(endpoint, key))[0])


async def fetch_token(endpoint: Endpoint, key: Key) -> TokenInfo | None:
    """Fetch a token now, whatever is held; None when this way of signing in needs none. Raises as `ready` does."""
    if _kind(endpoint).grant is None:
        return None
    return await tokens.shared.fetch(*_asked(endpoint, _usable(endpoint, key)))


def opened(endpoint: Endpoint, key: Key | None) -> dict[str, Secret]:
    """Field → secret for one call. Raises `NoCredential` when one is needed and cannot be used; nothing is sent then."""
    kind = _kind(endpoint)
    wanted = kind.info.secret_fields
    if not wanted:
        return {}
    usable = _usable(endpoint, key)
    secrets = {field.name: _open(usable, field) for field in kind.fields if field.name in wanted and field.name in usable.secrets}
    if missing := [field for field in kind.info.required_fields if field in wanted and not secrets.get(field)]:
        raise NoCredential(
            "A part of this provider's key is missing. Enter it again.", details={"kind": ErrorKind.MISSING, "fields": missing}
        )
    return secrets


def sign(endpoint: Endpoint, secrets: Mapping[str, Secret], request: Outgoing, *, key_header: str = "") -> Outgoing:
    """The request as its auth type signs it; a plain key goes into the header that the provider's type reads it from, or into
    `key_header`. Raises `NoCredential` for what cannot be sent."""
    signed = signing.sign(endpoint.auth_type, endpoint.auth, secrets, request)
    if endpoint.auth_type == "api_key" and (name := key_header or ROUTES[endpoint.type].key_header):
        headers = dict(signed.headers)
        headers[name] = headers.pop("authorization").removeprefix("Bearer ")
        return replace(signed, headers=headers)
    return signed


def added(endpoint: Endpoint, secrets: Mapping[str, Secret]) -> Outgoing | None:
    """What signing adds to every request alike, as the headers and the query of a request that has no others; None where each is signed
    by itself."""
    return sign(endpoint, secrets, Outgoing("GET", _ANY, {})) if _kind(endpoint).reusable else None


def task(endpoint: Endpoint, secrets: Mapping[str, Secret]) -> Signing:
    """The same for a request that is made elsewhere."""
    return Signing(endpoint.auth_type, endpoint.auth, {name: secret.reveal() for name, secret in secrets.items()})


def placeholders(endpoint: Endpoint) -> tuple[Mapping[str, str], str]:
    """Headers and query of the auth type with `$API_KEY` and the like where a secret belongs, for showing."""
    kind = auth.types().get(endpoint.auth_type)
    if kind is None or kind.curl is not None:
        return {}, ""
    fields = (TOKEN,) if kind.grant else kind.info.secret_fields
    names = {field: f"${field.upper()}" for field in fields}
    with suppress(NoCredential):  # nothing can be sent this way, so there is nothing to show
        if shown := added(endpoint, {field: Secret(name) for field, name in names.items()}):
            query = shown.url.raw_query_string
            for name in names.values():
                query = query.replace(f"%24{name[1:]}", name)
            return shown.headers, query
    return {}, ""


def curl_options(endpoint: Endpoint) -> list[str]:
    """Options by which curl signs in as the auth type does, beside the headers."""
    kind = auth.types().get(endpoint.auth_type)
    return kind.curl(endpoint.auth) if kind and kind.curl else []


def _kind(endpoint: Endpoint) -> AuthType:
    kind = auth.types().get(endpoint.auth_type)
    if kind is None:
        raise NoCredential("Patchbay does not support this authentication.", details={"kind": ErrorKind.UNKNOWN_AUTH_TYPE})
    return kind


def _usable(endpoint: Endpoint, key: Key | None) -> Key:
    """The key, when it was entered for where it would go now."""
    if key is None:
        raise NoCredential("This provider has no usable key. Enter one.", details={"kind": ErrorKind.MISSING})
    # Of the address that will be called, not of a column that might say something else.
    try:
        destination = _kind(endpoint).info.destination(_origin(endpoint.base_url), endpoint.auth)
    except (KeyError, ValueError):
        destination = ""  # a stored field that no form let through
    if not destination or key.origin != destination:
        raise NoCredential(
            "The key was entered for another address and is not sent to this one. Enter it again.", details={"kind": ErrorKind.OTHER_ORIGIN}
        )
    return key


def _asked(endpoint: Endpoint, key: Key) -> tuple[tokens.Mark, tokens.Fetch]:
    """What a token belongs to, and how it is fetched. The secret is opened when it is fetched, not before."""
    sealed = [f"{field}={secret.text}" for field, secret in sorted(key.secrets.items())]
    mark = (key.id, endpoint.auth_type, key.origin, *(f"{k}={v}" for k, v in sorted(endpoint.auth.items())), *sealed)

    async def fetch() -> token_server.Token:
        grant = _kind(endpoint).grant
        if grant is None:
            raise TypeError("this auth type needs no token")
        return await token_server.exchange(grant(endpoint.auth, opened(endpoint, key)))

    return mark, fetch


def has_values(auth_type: str, places: Mapping[str, Reference]) -> bool:
    """Whether a call would find a usable value in every place that a key of this auth type is read from."""
    kind = auth.types().get(auth_type)
    if kind is None:
        return False
    try:
        for field in kind.fields:
            if place := places.get(field.name):
                _read(place, field)
    except NoCredential:
        return False
    return True


def is_readable(key: Key) -> bool:
    """Whether every sealed field of a key can be opened, without sending anything or looking up a reference. For the registry's build."""
    try:
        for field in key.secrets:
            _opened(key, field, key.origin)
    except VaultError:
        return False
    return True


def _open(key: Key, field: AuthField) -> Secret:
    try:
        secret = _opened(key, field.name, key.origin)
        if place := reference_in(secret):
            return _read(Reference.of(place), field)
        return secret
    except SecretUnreadable as error:
        raise NoCredential(
            "The saved key cannot be read with the current master key. Enter it again.", details={"kind": ErrorKind.UNREADABLE}
        ) from error


def _read(place: Reference, field: AuthField) -> Secret:
    secret = references.resolve(place, keep_scheme=field.has_scheme)
    if field.wrong and field.wrong(secret.reveal()):  # what was typed was looked at when it was saved
        raise references.unusable(place)
    return secret


def _opened(key: Key, field: str, destination: str) -> Secret:
    """What was sealed: a value, or a reference. A row that says another place than the sealed text was changed by hand."""
    secret = open_secret(key.secrets[field], _binding(key, field, destination))
    if reference_in(secret) != key.references.get(field):
        raise SecretUnreadable("The source of this key was changed outside Patchbay.", details={"kind": ErrorKind.AUTH_FAILED})
    return secret


def _binding(key: Key, field: str, destination: str) -> Binding:
    return Binding("credential_secret", key.id, field, destination)
