"""Auth types, one file each. A file declares `LABEL`, what it is called in English; `FIELDS`, with the words that
stand at them; and `apply`, which signs one request: it gets the request with its method, address,
headers and body, and gives it back with what it adds to headers and query. `REUSABLE = True` says that what it adds is the same whatever
the request is and whenever it is sent; it is kept then, and `apply` is not asked again for a minute. Without it every request is signed
by itself, one that is sent once more included.

Where its secrets go elsewhere than to the provider it also declares `destination` and `servers`. `grant` says how a token is asked for,
which `apply` then gets as `access_token` and nothing else; `curl` how it reads in a command line, where that is not what `apply` adds;
`load` gets in a thread what takes long to import.

`types()` lists what lies in the folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from app import folder
from app.domain.credentials.auth_field import AuthField, AuthTypeInfo, at_home, nowhere_else
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import TokenRequest
from app.upstream.outgoing import Outgoing

Apply = Callable[[Outgoing, Mapping[str, str], Mapping[str, Secret]], Outgoing]
Grant = Callable[[Mapping[str, str], Mapping[str, Secret]], TokenRequest]


@dataclass(frozen=True, slots=True)
class AuthType:
    """How a request is signed. `apply(request, auth, secrets)` gives the request back signed: `auth` holds the readable fields,
    `secrets` the opened ones; every required field is there when it is called. `grant` takes the last two."""

    info: AuthTypeInfo
    apply: Apply
    reusable: bool = False
    grant: Grant | None = None
    curl: Callable[[Mapping[str, str]], list[str]] | None = None
    load: Callable[[], None] | None = None

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
    if missing := [part for part in ("LABEL", "FIELDS", "apply") if not hasattr(module, part)]:
        raise TypeError(f"app/upstream/auth/{name}.py declares no {' and no '.join(missing)}: every auth type needs them")
    grant: Grant | None = getattr(module, "grant", None)
    info = AuthTypeInfo(
        name=name,
        label=module.LABEL,  # type: ignore[attr-defined]
        fields=module.FIELDS,  # type: ignore[attr-defined]
        destination=getattr(module, "destination", at_home),
        servers=getattr(module, "servers", nowhere_else),
        needs_token=grant is not None,
    )
    return AuthType(
        info,
        module.apply,  # type: ignore[attr-defined]
        getattr(module, "REUSABLE", False),
        grant,
        getattr(module, "curl", None),
        getattr(module, "load", None),
    )
