"""What may be shown of an access token: everything but the token."""

from datetime import datetime

from app.domain.record import Record


class TokenInfo(Record):
    """`expires_at` by this machine's clock. `token_type` and `scope` as the token server reported them, "" where it did not."""

    expires_at: datetime
    token_type: str
    scope: str
