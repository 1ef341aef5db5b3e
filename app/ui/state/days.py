"""Days as people type them into a form. A day ends in UTC."""

from datetime import UTC, date, datetime, time, timedelta

from app.domain.errors import InvalidDraft, Reason


def end_of(day: str, field: str = "expires_at") -> datetime | None:
    """The end of a day that was typed, or None. Raises `InvalidDraft` for `field`."""
    if not day.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(day.strip()) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise InvalidDraft({field: Reason("date_form", "This is not a valid date, for example 2027-12-31.")}) from None


def day_of(at: datetime | None) -> str:
    """The last day of something that ends at this time, "" when it has no end."""
    return (at - timedelta(microseconds=1)).astimezone(UTC).date().isoformat() if at else ""


def day_in(at: str) -> str:
    """`day_of` for a time as pages keep it (ISO 8601 or "")."""
    return day_of(datetime.fromisoformat(at)) if at else ""
