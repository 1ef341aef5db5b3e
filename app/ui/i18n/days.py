"""Days as people choose them in a form. A day ends when it is over in the time zone of the installation, which stands beside the field;
what is stored is that moment."""

from datetime import UTC, date, datetime, time, timedelta

from app import settings
from app.domain.errors import InvalidDraft, Reason

_LAST = datetime.max.replace(tzinfo=UTC)  # no later moment can be written down


def zone_name() -> str:
    """The time zone in which a day ends, as people call it."""
    name = settings.current().zone[0]
    return "UTC" if name == "Etc/UTC" else name


def end_of(day: str, *, was: datetime | None = None, field: str = "expires_at") -> datetime | None:
    """The end of a day that was chosen, None without one. `was` is what is stored: on the same day it stays, to the second.

    Raises `InvalidDraft` for `field`.
    """
    if not (day := day.strip()):
        return None
    if was is not None and day == day_of(was):
        return was
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise InvalidDraft({field: Reason("date_form", "This is not a valid date, for example 2027-12-31.")}) from None
    if (end := _end(chosen)) <= datetime.now(UTC):
        raise InvalidDraft({field: Reason("day_past", "This day is over. Choose today or a later day.")})
    return end


def day_of(at: datetime | None) -> str:
    """The last day of something that ends at this time, "" when it has no end."""
    if at is None:
        return ""
    try:
        return (at - timedelta(microseconds=1)).astimezone(settings.current().zone[1]).date().isoformat()
    except OverflowError:  # the last day of the calendar, west or east of it
        return at.date().isoformat()


def day_in(at: str) -> str:
    """`day_of` for a time as pages keep it (ISO 8601 or "")."""
    return day_of(datetime.fromisoformat(at)) if at else ""


def moment(at: str) -> str:
    """A time (ISO 8601) on the clocks of the installation, with their zone."""
    name, zone = settings.current().zone
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M} ({name})"


def _end(day: date) -> datetime:
    """The first moment that no longer belongs to a day."""
    try:
        return datetime.combine(day + timedelta(days=1), time(), settings.current().zone[1]).astimezone(UTC)
    except OverflowError:
        return _LAST
