"""How calls ended that somebody asked for: told by `note`, heard by each `reader`."""

import msgspec

from app.relay.feed import Feed


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call of an application, or of a person or script over REST, when it is over. The garbage collector does not follow it: it
    holds no containers."""

    at: float  # seconds since 1970
    client_key_id: str  # "" = of a person who is signed in
    selector: str  # as the caller named it, at most 200 signs; "" = none given
    provider_id: str = ""  # "" = none was reached
    model: str = ""  # the provider's own name
    credential_id: str = ""  # "" = none was used
    status: int = 200  # what the caller got
    error: str = ""  # our code, "" = fine; a stream that broke has status 200 and an error
    began_ms: float = 0.0  # until the answer began
    total_ms: float = 0.0  # until it was over
    tokens_in: int | None = None  # None = the provider did not report it, as below
    tokens_out: int | None = None
    tokens_cached: int | None = None
    stream: bool = False
    attempts: int = 0  # calls that left for a provider


_feed: Feed[Outcome] = Feed()
note, reader = _feed.publish, _feed.reader
