"""People, their sessions, applications' keys: records that are safe to show."""

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from app.domain.actor import Actor, ActorType, Role, Scope
from app.domain.errors import InvalidDraft, Reason
from app.domain.record import Closed, Identifier, Label, Moment, Record, RequestsPerMinute

# How long a password that was shown again counts.
CONFIRMED_FOR = timedelta(minutes=5)

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>,;\"]{1,64}@[^@\s\x00-\x1f\x7f<>,;\"]{1,189}")
LONGEST_NAME = 80


def is_email(text: str) -> bool:
    """Whether a text looks like an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def clean_person(email: str, name: str) -> tuple[str, str]:
    """The e-mail in lower case and the name, both trimmed. Raises `InvalidDraft` for each that cannot be one."""
    email, name = email.strip().lower(), " ".join(name.split())
    reasons = {}
    if not is_email(email):
        reasons["email"] = Reason("email_form", "This is not a valid email address, for example ada@example.com.")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        reasons["name"] = Reason("name_length", "Enter a name of 1 to {most} characters.", most=LONGEST_NAME)
    if reasons:
        raise InvalidDraft(reasons)
    return email, name


class User(Record):
    """An account. `is_refused`: it was added or changed outside Patchbay, so nobody signs in with it; `role` says nothing then."""

    id: str
    email: str
    name: str
    role: Role
    is_active: bool
    version: int = 1
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None
    is_refused: bool = False


class DisabledUser(User):
    """Somebody who was switched off. `keys_left`: how many keys for apps that they made still work."""

    keys_left: int


def acting(user: User, *, ip: str = "", session_hash: str = "", request_id: str = "") -> Actor:
    """This person as the actor of a call."""
    return Actor(ActorType.USER, user.id, user.name or user.email, user.role, ip=ip, session_hash=session_hash, request_id=request_id)


class Session(Record):
    """A signed-in browser. `id` is not the token: the token is only in the cookie, its hash only in the row."""

    id: str
    user: User
    csrf_token: str
    token_hash: str  # first 16 hex; for the audit and for binding a page's state
    expires_at: datetime


class NewSession(Record):
    """`token` goes into the cookie and nowhere else, `device` into another one that outlives the session."""

    token: str
    session: Session
    device: str = ""


class LastCall(Record):
    """How the newest call with a key ended. `model` as the caller named it, "" where it asked for the list of models or for something
    under `/api`; `ms` = until the answer began."""

    at: datetime
    model: str
    status: int
    ms: int


class ClientKey(Record):
    """An application's key. `hint` = public id, safe to show; the key itself is shown once, on issue. `models` and `providers`: None =
    all, an empty list = nothing, because what it was granted is gone. `last_call` is up to ten seconds old while a key is in constant
    use, None for one that was never used. `is_refused`: it was added or changed outside Patchbay and is not accepted."""

    id: str
    name: str
    scope: Scope
    hint: str
    models: list[str] | None
    providers: list[str] | None
    requests_per_minute: int = 0  # 0 = no limit; each gateway process counts for itself
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    version: int = 1
    updated_at: datetime
    revoked_at: datetime | None
    last_call: LastCall | None = None
    is_refused: bool = False


class ClientKeyPatch(Closed):
    """What changes about a key that was issued: what is not set stays; None in a list = all, in `expires_at` = no end. Its text and
    its scope never change. Read it with `model_fields_set`."""

    name: Label | None = None
    models: Annotated[list[Identifier], Field(max_length=1_000)] | None = None
    providers: Annotated[list[Identifier], Field(max_length=1_000)] | None = None
    requests_per_minute: RequestsPerMinute | None = None
    expires_at: Moment | None = None
    version: int | None = None


class IssuedClientKey(Record):
    """The one time the key is readable."""

    key: str
    client_key: ClientKey
