"""What may be shown of an access token: everything but the token."""

from datetime import datetime

from app.domain.record import Record


class TokenInfo(Record):
    """`expires_at` by this machine's clock. `token_type` and `scope` as the token server reported them, "" where it did not."""

    expires_at: datetime  #: When the token ends, by the clock of this machine.
    token_type: str  #: Type that the token server reported, "" where it did not.
    scope: str  #: Scopes (OAuth) that the token server reported, "" where it did not.
