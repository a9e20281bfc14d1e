"""The time in a file's name, 14 digits that sort, or its hours alone behind eight zeros. Pure."""

from datetime import UTC, datetime, timedelta

# A time in a name may be of any zone, and a sender's clock hours wrong. What lies further ahead is no time at which a
# file was made, and all that comes later would be older.
STAMP_AHEAD = timedelta(days=1)
_FORM = "%Y%m%d%H%M%S"
_NO_DATE = "00000000"


def is_ahead(stamp: str, arrived: datetime) -> bool:
    """Whether a stamp lies so far behind the arrival that it orders nothing; one without a date never does."""
    if not stamp or stamp.startswith(_NO_DATE):
        return False
    return datetime.strptime(stamp, _FORM).replace(tzinfo=UTC) > arrived + STAMP_AHEAD


def stamp_for_people(stamp: str) -> str:
    """Write a stamp as the time that it is."""
    time = f"{stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"
    return time if stamp.startswith(_NO_DATE) else f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {time}"
