"""A day is the day that was chosen, whatever the time zone, and ends with it."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from app import settings
from app.domain.errors import InvalidDraft
from app.ui import i18n
from app.ui.i18n import days
from app.ui.session.notices import because

ZONES = ["UTC", "Asia/Ho_Chi_Minh", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
AHEAD = st.dates(min_value=datetime.now(UTC).date() + timedelta(days=2), max_value=date.max)


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PATCHBAY_TIME_ZONE", request.param)
    settings.current.cache_clear()
    yield request.param
    settings.current.cache_clear()


@given(AHEAD)
@trying(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_was_chosen_is_what_is_shown(zone: str, day: date) -> None:
    end = days.end_of(day.isoformat())

    assert end is not None
    assert days.day_of(end) == days.day_in(end.isoformat()) == day.isoformat()
    assert end.utcoffset() == timedelta(0)


def test_a_day_ends_with_its_last_moment_there(zone: str) -> None:
    end = days.end_of("2099-12-05")

    assert end is not None
    here = end.astimezone(ZoneInfo(zone))
    assert (here.date(), here.hour, here.minute) == (date(2099, 12, 6), 0, 0)
    assert days.zone_name() == zone


@pytest.mark.parametrize("typed", ["2020-01-01", "tomorrow", "2027-13-01", "2027-02-30", "0"])
@pytest.mark.parametrize("language", i18n.languages())
def test_what_is_wrong_with_a_day_is_said_without_time_zones(language: str, typed: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        days.end_of(typed)

    said = because(language, caught.value.reasons["expires_at"])
    assert not any(word in said.lower() for word in ("zone", "múi giờ", "时区", "utc"))


def test_the_same_day_again_is_the_same_moment_also_when_it_is_over() -> None:
    was = datetime(2020, 1, 1, 15, 30, tzinfo=UTC)

    assert days.end_of(days.day_of(was), was=was) == was
    assert days.end_of("", was=was) is None


def test_a_zone_that_does_not_exist_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_TIME_ZONE", "Europe/Nowhere")

    with pytest.raises(ValueError, match="for example Europe/Berlin"):
        settings.Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the fields


@pytest.fixture
def of_the_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """The zone of an installation that names none, on a server with this TZ."""

    def named(tz: str) -> str:
        monkeypatch.setenv("TZ", tz)
        monkeypatch.delenv("PATCHBAY_TIME_ZONE", raising=False)
        settings.current.cache_clear()
        settings._zone.cache_clear()
        return days.zone_name()

    yield named
    settings.current.cache_clear()
    settings._zone.cache_clear()


def test_without_a_setting_it_is_the_server_s_own(of_the_server: Callable[[str], str]) -> None:
    assert of_the_server("Asia/Ho_Chi_Minh") == "Asia/Ho_Chi_Minh"
