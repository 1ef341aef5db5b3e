"""What was used: recorded in batches, read in sums."""

from app.services.usage.reading import change, report, series, summary
from app.services.usage.recording import Recorder

__all__ = ["Recorder", "change", "report", "series", "summary"]
