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

    id: str  #: ID of the account (UUIDv7).
    email: str  #: Email address to sign in with.
    name: str  #: Name that people see.
    role: Role  #: What the user may do.
    is_active: bool  #: Whether the user can sign in.
    version: int = 1  #: Grows with every change.
    created_at: datetime  #: When the account was created.
    updated_at: datetime  #: When it was last changed.
    last_login_at: datetime | None  #: When the user last signed in; null = never.
    is_refused: bool = False  #: Whether it was changed outside Patchbay and is not accepted.


class DisabledUser(User):
    """Somebody who was switched off. `keys_left`: how many keys for apps that they made still work."""

    keys_left: int  #: How many app keys that the user made still work.


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

    at: datetime  #: When it was made.
    model: str  #: Model as the app named it, "" where it named none.
    status: int  #: HTTP status of the answer.
    ms: int  #: Milliseconds until the answer began.


class ClientKey(Record):
    """An application's key. `hint` = public id, safe to show; the key itself is shown once, on issue. `models` and `providers`: None =
    all, an empty list = nothing, because what it was granted is gone. `last_call` is up to ten seconds old while a key is in constant
    use, None for one that was never used. `is_refused`: it was added or changed outside Patchbay and is not accepted."""

    id: str  #: ID of the app key (UUIDv7).
    name: str  #: Name that people see.
    scope: Scope  #: What the key may be used for.
    hint: str  #: Public part of the key.
    models: list[str] | None  #: Models it may use; null = all, an empty list = none.
    providers: list[str] | None  #: IDs of the providers it may use (`name`); null = all, an empty list = none.
    #: Most requests per minute; 0 = no limit.
    requests_per_minute: int = 0  # 0 = no limit; each gateway process counts for itself
    expires_at: datetime | None  #: When it stops working; null = never.
    created_at: datetime  #: When it was issued.
    created_by: str  #: Name of who issued it.
    version: int = 1  #: Grows with every change.
    updated_at: datetime  #: When it was last changed.
    revoked_at: datetime | None  #: When it was revoked; null = it was not.
    last_call: LastCall | None = None  #: Newest call with it; null = none.
    is_refused: bool = False  #: Whether it was changed outside Patchbay and is not accepted.


class ClientKeyPatch(Closed):
    """What changes about a key that was issued: what is not set stays; None in a list = all, in `expires_at` = no end. Its text and
    its scope never change. Read it with `model_fields_set`."""

    name: Label | None = None  #: Name that people see.
    models: Annotated[list[Identifier], Field(max_length=1_000)] | None = None  #: Models it may use; null = all.
    providers: Annotated[list[Identifier], Field(max_length=1_000)] | None = None  #: IDs of the providers it may use (`name`); null = all.
    requests_per_minute: RequestsPerMinute | None = None  #: Most requests per minute; 0 = no limit.
    expires_at: Moment | None = None  #: When it stops working; null = never.
    version: int | None = None  #: Version that the change is based on; null = any.


class IssuedClientKey(Record):
    """The one time the key is readable."""

    key: str  #: The key itself; it is never shown again.
    client_key: ClientKey  #: What is known of it from now on.
