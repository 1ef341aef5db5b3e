"""Auth types, one file each. A file declares `FIELDS` and `attach`; where its secrets go elsewhere than to the provider also
`destination` and `servers`. `grant` says how a token is asked for, which `attach` then gets as `access_token` and nothing else;
`signing` that the complete request is signed, and with what; `curl` how that reads in a command line.

`types()` lists what lies in the folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from app import folder
from app.domain.auth_field import AuthField, AuthTypeInfo, at_home, nowhere_else
from app.domain.secret import Secret
from app.domain.translation import Signing
from app.upstream.token_server import TokenRequest

Attach = Callable[[dict[str, str], Mapping[str, str], Mapping[str, Secret]], None]
Grant = Callable[[Mapping[str, str], Mapping[str, Secret]], TokenRequest]
Sign = Callable[[Mapping[str, str], Mapping[str, Secret]], Signing]


@dataclass(frozen=True, slots=True)
class AuthType:
    """How a credential is attached. `attach(headers, auth, secrets)` adds to the headers of one request: `auth` holds
    the readable fields, `secrets` the opened ones; every required field is there when it is called. `grant` and `signing` take
    the same two."""

    info: AuthTypeInfo
    attach: Attach
    grant: Grant | None = None
    signing: Sign | None = None
    curl: Callable[[Mapping[str, str]], list[str]] | None = None

    @property
    def fields(self) -> tuple[AuthField, ...]:
        """What a form asks for, in its order."""
        return self.info.fields


@cache
def types() -> dict[str, AuthType]:
    """Every auth type by name. Reads the folder once."""
    return {name: _declared(name, module) for name, module in folder.load("app.upstream.auth").items()}


def needs_key(auth_type: str) -> bool:
    """Whether calls carry a secret. Nothing is called without one in a way that is not known here."""
    kind = types().get(auth_type)
    return kind is None or bool(kind.info.secret_fields)


def _declared(name: str, module: object) -> AuthType:
    grant: Grant | None = getattr(module, "grant", None)
    info = AuthTypeInfo(
        name=name,
        fields=module.FIELDS,  # type: ignore[attr-defined]
        destination=getattr(module, "destination", at_home),
        servers=getattr(module, "servers", nowhere_else),
        needs_token=grant is not None,
    )
    return AuthType(info, module.attach, grant, getattr(module, "signing", None), getattr(module, "curl", None))  # type: ignore[attr-defined]
