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

    p50: float
    p95: float


class Figures(Record):
    """What calls add up to. Tokens are null where none of the calls had any reported, costs where none is known."""

    requests: int
    errors: int
    reported: int  # requests whose tokens the provider reported
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None  # part of tokens_in
    priced: int  # requests whose cost is known
    cost_usd: float | None
    began_ms: Latency | None  # until the answer began
    total_ms: Latency | None  # until it was over


class UsageLine(Figures):
    """Usage of one provider, model, credential or client key. `id` is "" and `name` empty for calls that reached or used none.
    `provider` is the name of the provider of a model or credential."""

    id: str
    name: str
    provider: str
    is_gone: bool  # deleted or revoked


class UsagePoint(Figures):
    """Usage of one hour or day, which begins at `at`."""

    at: datetime


class UsageReport(Record):
    """The lines with the most requests first; `left_out` counts those beyond the limit."""

    by: By
    since: datetime
    until: datetime
    total: Figures
    items: list[UsageLine]
    left_out: int


class UsageSeries(Record):
    """Every hour or day of the period in order; one without calls has zeros."""

    step: Step
    since: datetime
    until: datetime
    items: list[UsagePoint]
