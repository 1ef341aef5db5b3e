"""Auth types, one file each. A file declares `FIELDS` and `attach`, and `destination` where its secrets go elsewhere than to the
provider; `types()` lists what lies in the folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from app import folder
from app.domain.auth_field import AuthField, AuthTypeInfo, at_home
from app.domain.secret import Secret

Attach = Callable[[dict[str, str], Mapping[str, str], Mapping[str, Secret]], None]


@dataclass(frozen=True, slots=True)
class AuthType:
    """How a credential is attached. `attach(headers, auth, secrets)` adds to the headers of one request: `auth` holds
    the readable fields, `secrets` the opened ones; every required field is there when it is called."""

    info: AuthTypeInfo
    attach: Attach

    @property
    def fields(self) -> tuple[AuthField, ...]:
        """What a form asks for, in its order."""
        return self.info.fields


@cache
def types() -> dict[str, AuthType]:
    """Every auth type by name. Reads the folder once."""
    found = folder.load("app.upstream.auth")
    return {
        name: AuthType(
            AuthTypeInfo(name=name, fields=module.FIELDS, destination=getattr(module, "destination", at_home)),
            module.attach,
        )
        for name, module in found.items()
    }
