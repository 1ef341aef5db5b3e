"""Who acts, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Forbidden, ScopeMissing


class Role(StrEnum):
    """`admin` changes things; `viewer` looks."""

    ADMIN = "admin"
    VIEWER = "viewer"


class Scope(StrEnum):
    """Scopes of a client key are disjoint: gateway → `/v1`, read → reading `/api/v1`, admin → all of `/api/v1`."""

    GATEWAY = "gateway"
    READ = "read"
    ADMIN = "admin"


class ActorType(StrEnum):
    USER = "user"
    CLIENT_KEY = "client_key"
    CLI = "cli"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls a service. Services check the role; pages only hide what would be refused."""

    type: ActorType
    id: str
    name: str
    role: Role | None
    ip: str = ""
    session_hash: str = ""  # first 16 hex of the session token's SHA-256; for the audit, useless to sign in
    request_id: str = ""

    def must_view(self) -> None:
        """Raise `Forbidden`, for a client key `ScopeMissing`, unless this actor may read the console's data."""
        if self.role is None:
            if self.type is ActorType.CLIENT_KEY:
                raise ScopeMissing("This app key lacks the scope read. Use a key with that scope.", details={"scope": Scope.READ})
            raise Forbidden("You do not have permission to see this. Ask an admin for access.")

    def must_admin(self) -> None:
        """Raise `Forbidden`, for a client key `ScopeMissing`, unless this actor may change things."""
        if self.role is not Role.ADMIN:
            if self.type is ActorType.CLIENT_KEY:
                raise ScopeMissing("This app key lacks the scope admin. Use a key with that scope.", details={"scope": Scope.ADMIN})
            raise Forbidden("Only an admin can do this. Ask an admin to do it or to give you the admin role.")


SYSTEM = Actor(ActorType.SYSTEM, "system", "Patchbay", Role.ADMIN)
ANONYMOUS = Actor(ActorType.ANONYMOUS, "", "", None)


def command_line(user: str) -> Actor:
    """The operator at a shell, who holds the data folder and therefore is an admin."""
    return Actor(ActorType.CLI, f"cli:{user}", user, Role.ADMIN)
