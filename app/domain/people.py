"""People, their sessions, applications' keys: records that are safe to show."""

from datetime import datetime

from app.domain.actor import Role, Scope
from app.domain.provider import Record


class User(Record):
    id: str
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None


class Session(Record):
    """A signed-in browser. `id` is not the token: the token is only in the cookie, its hash only in the row."""

    id: str
    user: User
    csrf_token: str
    token_hash: str  # first 16 hex; for the audit and for binding a page's state
    expires_at: datetime


class NewSession(Record):
    """`token` goes into the cookie and nowhere else."""

    token: str
    session: Session


class ClientKey(Record):
    """An application's key. `hint` = public id, safe to show; the key itself is shown once, on issue."""

    id: str
    name: str
    scope: Scope
    hint: str
    models: list[str] | None
    providers: list[str] | None
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class IssuedClientKey(Record):
    """The one time the key is readable."""

    key: str
    client_key: ClientKey
