"""Opens the secrets of one call and attaches them; refuses everything that must not leave (SECURITY 1.4, 1 and 21)."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from app.domain.address import origin_of
from app.domain.credential import Reference, reference_in
from app.domain.errors import NoCredential, SecretUnreadable, VaultError
from app.domain.routes import ROUTES
from app.domain.secret import Binding, Secret
from app.domain.snapshot import Endpoint, Key
from app.upstream import auth, references
from app.vault.open import open_secret

_SEALED = re.compile(r"s1\.[0-9a-f]{10}\.")
_origin = lru_cache(4096)(origin_of)


def opened(endpoint: Endpoint, key: Key | None) -> dict[str, Secret]:
    """Field → secret for one call. Raises `NoCredential` when one is needed and cannot be used; nothing is sent then."""
    kind = auth.types().get(endpoint.auth_type)
    if kind is None:
        raise NoCredential("This way of signing in is not known here.", details={"kind": "unknown_auth_type"})
    wanted = kind.info.secret_fields
    if not wanted:
        return {}
    if key is None:
        raise NoCredential("This provider has no usable key. Enter one.", details={"kind": "missing"})
    # Of the address that will be called, not of a column that might say something else.
    destination = kind.info.destination(_origin(endpoint.base_url), endpoint.auth)
    if key.origin != destination:
        raise NoCredential(
            "The key was entered for another address and is not sent to this one. Enter it again.", details={"kind": "other_origin"}
        )
    whole = {field.name for field in kind.fields if field.has_scheme}
    secrets = {field: _open(key, field, destination, keep_scheme=field in whole) for field in wanted if field in key.secrets}
    if missing := [field for field in kind.info.required_fields if field in wanted and not secrets.get(field)]:
        raise NoCredential("A part of this provider's key is missing. Enter it again.", details={"kind": "missing", "fields": missing})
    return secrets


def attach(headers: dict[str, str], endpoint: Endpoint, secrets: Mapping[str, Secret], *, key_header: str = "") -> None:
    """Add what the auth type says to the headers. Ciphertext and line breaks are refused. `key_header` takes a plain key instead."""
    added: dict[str, str] = {}
    _sign(added, endpoint, secrets, key_header=key_header)
    for value in added.values():
        if _SEALED.search(value):
            raise NoCredential("The stored key could not be opened and is not sent. Enter it again.", details={"kind": "sealed"})
        if not value.isascii() or not value.isprintable():
            raise NoCredential("The key holds characters that cannot be sent. Enter it again.", details={"kind": "characters"})
    headers |= added


def placeholders(endpoint: Endpoint) -> dict[str, str]:
    """The headers of the auth type with `$API_KEY` and the like where a secret belongs, for showing."""
    headers: dict[str, str] = {}
    if kind := auth.types().get(endpoint.auth_type):
        with suppress(NoCredential):  # nothing can be sent this way, so there is nothing to show
            _sign(headers, endpoint, {field: Secret(f"${field.upper()}") for field in kind.info.secret_fields})
    return headers


def _sign(headers: dict[str, str], endpoint: Endpoint, secrets: Mapping[str, Secret], *, key_header: str = "") -> None:
    """Add the headers of the auth type; a plain key goes into the header that the provider's type reads it from."""
    auth.types()[endpoint.auth_type].attach(headers, endpoint.auth, secrets)
    if endpoint.auth_type == "api_key" and (name := key_header or ROUTES[endpoint.type].key_header):
        headers[name] = headers.pop("authorization").removeprefix("Bearer ")


def is_readable(key: Key) -> bool:
    """Whether every sealed field of a key can be opened, without sending anything or looking up a reference. For the registry's build."""
    try:
        for field in key.secrets:
            _opened(key, field, key.origin)
    except VaultError:
        return False
    return True


def _open(key: Key, field: str, destination: str, *, keep_scheme: bool) -> Secret:
    try:
        secret = _opened(key, field, destination)
        return references.resolve(Reference.of(place), keep_scheme=keep_scheme) if (place := reference_in(secret)) else secret
    except SecretUnreadable as error:
        raise NoCredential(
            "The stored key cannot be read with the present master key. Enter it again.", details={"kind": "unreadable"}
        ) from error


def _opened(key: Key, field: str, destination: str) -> Secret:
    """What was sealed: a value, or a reference. A row that says another place than the sealed text was changed by hand."""
    secret = open_secret(key.secrets[field], _binding(key, field, destination))
    if reference_in(secret) != key.references.get(field):
        raise SecretUnreadable("The place of this key was changed outside Patchbay.", details={"kind": "auth_failed"})
    return secret


def _binding(key: Key, field: str, destination: str) -> Binding:
    return Binding("credential_secret", key.id, field, destination)
