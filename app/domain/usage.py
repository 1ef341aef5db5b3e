"""What calls use: tokens as providers report them, and what they add up to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.record import Record


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer; None = not reported. `tokens_cached` is a part of `tokens_in`."""

    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None


class By(StrEnum):
    """What usage is listed by."""

    PROVIDER = "provider"
    MODEL = "model"
    CREDENTIAL = "credential"
    CLIENT_KEY = "client_key"


class Step(StrEnum):
    """Length of one point of a series, in UTC."""

    HOUR = "hour"
    DAY = "day"


class Latency(Record):
    """Milliseconds, of answers without an error. Half of them, and 95 of 100, took no longer than this. Of fewer than 100 answers they
    are durations that were measured; of more they are read off classes that double, so right to within a factor of two and mostly
    much better."""

    p50: float  #: Median, in milliseconds.
    p95: float  #: 95th percentile, in milliseconds.


class Figures(Record):
    """What calls add up to. Tokens are null where none of the calls had any reported, costs where none is known."""

    requests: int  #: How many calls were made.
    errors: int  #: How many of them failed.
    #: How many calls had their tokens reported.
    reported: int  # requests whose tokens the provider reported
    tokens_in: int | None  #: Input tokens; null = none were reported.
    tokens_out: int | None  #: Output tokens; null = none were reported.
    #: Input tokens read from a cache; null = none were reported.
    tokens_cached: int | None  # part of tokens_in
    #: How many calls had a known cost.
    priced: int  # requests whose cost is known
    cost_usd: float | None  #: Cost in US dollars; null = not known.
    #: Time until an answer began; null = none did.
    began_ms: Latency | None  # until the answer began
    #: Time until an answer was whole; null = none was.
    total_ms: Latency | None  # until it was over


class UsageLine(Figures):
    """Usage of one provider, model, credential or client key. `id` is "" and `name` empty for calls that reached or used none.
    `provider` is the name of the provider of a model or credential."""

    id: str  #: ID of what is counted, "" where calls reached or used none.
    name: str  #: Name that people see, "" where there is none.
    provider: str  #: ID of the provider of a model or key (its `name`), "" otherwise.
    #: Whether it was deleted.
    is_gone: bool  # deleted or revoked


class UsagePoint(Figures):
    """Usage of one hour or day, which begins at `at`."""

    at: datetime  #: Begin of the hour or day, in UTC.


class UsageReport(Record):
    """The lines with the most requests first; `left_out` counts those beyond the limit."""

    by: By  #: What the lines stand for.
    since: datetime  #: Begin of the period, included.
    until: datetime  #: End of the period, not included.
    total: Figures  #: What all lines add up to.
    items: list[UsageLine]  #: Lines, the one with the most requests first.
    left_out: int  #: How many lines are beyond the limit.


class UsageSeries(Record):
    """Every hour or day of the period in order; one without calls has zeros."""

    step: Step  #: Length of one item.
    since: datetime  #: Begin of the period, included.
    until: datetime  #: End of the period, not included.
    items: list[UsagePoint]  #: Every hour or day of the period, in order.
