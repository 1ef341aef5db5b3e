"""The audit: a closed list of actions and the record of an entry."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.record import Record


class Action(StrEnum):
    """noun:part:verb. What is not in this list cannot be done by a service that changes something."""

    INSTANCE_SET_UP = "instance:setup:complete"
    INSTANCE_SETUP_LINK = "instance:setup_link:issue"
    INSTANCE_BOOT = "instance:process:boot"
    INSTANCE_MIGRATE = "instance:schema:migrate"
    SESSION_CREATE = "user:session:create"
    SESSION_FAIL = "user:session:fail"
    SESSION_LOCK = "user:session:lock"
    SESSION_CONFIRM = "user:session:confirm"
    SESSION_END = "user:session:end"
    USER_CREATE = "user:account:create"
    USER_DISABLE = "user:account:disable"
    USER_ENABLE = "user:account:enable"
    USER_PASSWORD = "user:password:change"  # noqa: S105 - a name, not a password
    PROVIDER_CREATE = "provider:config:create"
    PROVIDER_UPDATE = "provider:config:update"
    PROVIDER_ENABLE = "provider:config:enable"
    PROVIDER_DISABLE = "provider:config:disable"
    PROVIDER_DUPLICATE = "provider:config:duplicate"
    PROVIDER_DELETE = "provider:config:delete"
    PROVIDER_RESTORE = "provider:config:restore"
    PROVIDER_PURGE = "provider:config:purge"
    PROVIDER_DEFAULT = "provider:default:set"
    PROVIDER_TEST = "provider:connection:test"
    PROVIDER_TEST_MANY = "provider:batch:test"
    CREDENTIAL_SET = "credential:secret:set"
    CREDENTIAL_ROTATE = "credential:secret:rotate"
    CREDENTIAL_CLEAR = "credential:secret:clear"
    CREDENTIAL_DETACH = "credential:secret:detach"
    KEY_ADD = "credential:key:add"
    KEY_CHANGE = "credential:key:change"
    KEY_REMOVE = "credential:key:remove"
    KEY_PROMOTE = "credential:key:promote"
    KEY_ROLLBACK = "credential:key:rollback"
    KEY_RETIRE = "credential:key:retire"
    KEY_AUTO_DISABLE = "credential:key:auto_disable"
    KEY_RECOVER = "credential:key:recover"
    CREDENTIAL_TOKEN_FETCH = "credential:token:fetch"  # noqa: S105 - a name, not a password
    MODELS_CHANGE = "provider:models:change"
    ALIAS_CREATE = "alias:config:create"
    ALIAS_UPDATE = "alias:config:update"
    ALIAS_DELETE = "alias:config:delete"
    EGRESS_APPROVE = "egress:origin:approve"
    DISCOVERY_LOCAL = "discovery:local:search"
    CLIENT_KEY_ISSUE = "client_key:secret:issue"
    CLIENT_KEY_UPDATE = "client_key:config:update"
    CLIENT_KEY_REVOKE = "client_key:secret:revoke"
    MASTER_KEY_REGISTER = "master_key:ring:register"
    MASTER_KEY_ADD = "master_key:ring:add"
    MASTER_KEY_ACTIVATE = "master_key:ring:activate"
    MASTER_KEY_REWRAP = "master_key:ring:rewrap"
    MASTER_KEY_RETIRE = "master_key:ring:retire"
    MASTER_KEY_KIT = "master_key:kit:issue"
    MASTER_KEY_KIT_KEPT = "master_key:kit:acknowledge"
    REGISTRY_REFRESH = "registry:snapshot:refresh"
    ACCESS_DENY = "access:request:deny"
    AUDIT_EXPORT = "audit:log:export"
    AUDIT_BREAK = "audit:log:break"
    ROWS_ADOPT = "instance:rows:adopt"
    ROW_REMOVE = "instance:row:remove"


class Outcome(StrEnum):
    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"


class AuditActor(Record):
    type: str  #: Kind of the caller.
    id: str  #: ID of the caller.
    name: str  #: Name of the caller at that time.


class AuditTarget(Record):
    type: str  #: Kind of the object.
    id: str  #: ID of the object.
    name: str  #: Name of the object at that time.


class AuditItem(Record):
    """One entry. `changes`: field → {"before", "after"} for plain fields, {"op", "fp_before", "fp_after",
    "destination"} for a credential."""

    seq: int  #: Number of the entry; the next one is one higher.
    at: datetime  #: When it happened.
    actor: AuditActor  #: Who did it.
    action: str  #: What was done, as `noun:verb` or `noun:part:verb`.
    target: AuditTarget  #: What it was done to.
    outcome: Outcome  #: How it ended.
    changes: dict[str, Any]  #: Field → `before` and `after`; for a key its fingerprints instead of values.
    request_id: str  #: ID of the request, "" where it was none.


class RefusedRow(Record):
    """A row that would let somebody in or allow something and is not as Patchbay wrote it: it is refused. `advice` says what to do."""

    kind: str  #: Kind of the row.
    id: str  #: ID of the row.
    name: str  #: Name of what it stands for.
    advice: str  #: What to do, in one sentence.


class AuditVerdict(Record):
    """Result of verifying the chain. `first_bad` is the first entry that does not hold, None when all do; `refused` are the rows that
    were added or changed outside Patchbay."""

    ok: bool  #: Whether every entry and every row holds.
    checked: int  #: How many entries were checked.
    first_bad: int | None  #: Number of the first entry that does not hold; null when all do.
    reason: str = ""  #: What is wrong with it, "" when nothing is.
    refused: list[RefusedRow] = []  #: Rows that were added or changed outside Patchbay.
