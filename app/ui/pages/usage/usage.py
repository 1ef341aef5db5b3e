"""Usage in this tab: a period, the sums of it, points over time, and lines by what the reader asks for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import reflex as rx

from app.domain.usage import By, Figures, Step, UsageLine, UsagePoint
from app.services import usage
from app.ui.kit import url_query
from app.ui.presses import quiet
from app.ui.session.current_user import actor
from app.ui.session.notices import answered

PERIODS = {"day": (timedelta(days=1), Step.HOUR), "week": (timedelta(days=7), Step.HOUR), "month": (timedelta(days=30), Step.DAY)}
LINES = 200


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: how high, and how high its inner part."""

    at: str
    whole: float
    part: float


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one line, or of all. `silent` counts answers without reported tokens, `unpriced` those whose cost is not known;
    `answers` are requests without an error."""

    id: str = ""
    name: str = ""
    provider: str = ""
    gone: bool = False
    requests: int = 0
    errors: int = 0
    answers: int = 0
    reported: int = 0
    silent: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    priced: int = 0
    unpriced: int = 0
    cost: float = 0.0
    p50: int = 0
    p95: int = 0


class Usage(rx.State):
    """What applications used."""

    loaded: bool = False
    period: str = "day"
    by: str = By.PROVIDER.value
    step: str = Step.HOUR.value
    total: Line = Line()
    lines: list[Line] = []
    left_out: int = 0
    requests: list[Point] = []
    tokens: list[Point] = []
    latency: list[Point] = []
    cost: list[Point] = []
    _seen: tuple[int, int] = (-1, -1)

    @rx.var
    def query(self) -> str:
        """Of when and by what, for the address."""
        return url_query.query(period=(self.period, "day"), by=(self.by, By.PROVIDER.value))

    @rx.event
    @answered
    async def load(self) -> None:
        """Look anew, at what the address asks for."""
        asked = url_query.asked(self)
        self.period = asked["period"] if asked.get("period") in PERIODS else "day"
        self.by = asked["by"] if asked.get("by") in set(By) else By.PROVIDER.value
        self._seen = await self._state_of_things()
        await self._read()
        self.loaded = True

    @rx.event
    @answered
    @quiet
    async def follow(self) -> None:
        """Look whether more was written; nothing is sent to the page otherwise."""
        if (now := await self._state_of_things()) != self._seen:
            self._seen = now
            await self._read()

    @rx.event
    @answered
    async def choose_period(self, period: str) -> None:
        """The last day, week or month."""
        self.period = period if period in PERIODS else "day"
        await self._read()

    @rx.event
    @answered
    async def choose_by(self, by: str) -> None:
        """What there is a line for."""
        self.by = by if by in set(By) else By.PROVIDER.value
        await self._read()

    async def _state_of_things(self) -> tuple[int, int]:
        return await usage.change(await actor(self)), int(datetime.now(UTC).timestamp()) // 3_600

    async def _read(self) -> None:
        who, until = await actor(self), datetime.now(UTC)
        length, step = PERIODS[self.period]
        report = await usage.report(who, By(self.by), since=until - length, until=until, limit=LINES)
        points = (await usage.series(who, step, since=until - length, until=until)).items
        self.step, self.left_out = step.value, report.left_out
        self.total, self.lines = _figures(report.total), [_line(item) for item in report.items]
        self.requests = [_point(p, p.requests, p.errors) for p in points]
        self.tokens = [_point(p, (p.tokens_in or 0) + (p.tokens_out or 0), p.tokens_out or 0) for p in points]
        self.latency = [_point(p, *reversed(_whole(p))) for p in points]
        self.cost = [_point(p, p.cost_usd or 0, 0) for p in points]


def _whole(figures: Figures) -> tuple[int, int]:
    """Median and 95th percentile of the whole answer in ms; more digits than that would pretend."""
    return (round(figures.total_ms.p50), round(figures.total_ms.p95)) if figures.total_ms else (0, 0)


def _point(point: UsagePoint, whole: float, part: float) -> Point:
    return Point(point.at.isoformat(), whole, part)


def _line(line: UsageLine) -> Line:
    return _figures(line, id=line.id, name=line.name, provider=line.provider, gone=line.is_gone)


def _figures(figures: Figures, *, id: str = "", name: str = "", provider: str = "", gone: bool = False) -> Line:
    answers = figures.requests - figures.errors
    return Line(
        id=id, name=name, provider=provider, gone=gone,
        requests=figures.requests, errors=figures.errors, answers=answers,
        reported=figures.reported, silent=max(answers - figures.reported, 0),
        tokens_in=figures.tokens_in or 0, tokens_out=figures.tokens_out or 0,
        priced=figures.priced, unpriced=max(answers - figures.priced, 0), cost=figures.cost_usd or 0.0,
        p50=_whole(figures)[0], p95=_whole(figures)[1],
    )  # fmt: skip
