"""`cron` under `arrival`: when files are due, in the words of crontab(5), as CronSim reads them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from cronsim import CronSim, CronSimError

from suimon.contract.calendar import CRON_FROM, CronDays
from suimon.contract.odcs.clauses import Clause, brief
from suimon.contract.odcs.reader import Reader
from suimon.values import dataclass

# The years that a contract is compiled for: a fixed span, so that the same contract is compiled the same always.
COMPILED_YEARS = range(CRON_FROM.year, 2041)
_UNTIL = date(COMPILED_YEARS[-1], 12, 31)
_FIELDS = 5
_FORM = 'a cron expression of 5 fields in quotes, such as "30 6 * * mon-fri"'


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression that names one moment of some days. days: its last three fields."""

    expression: str
    deadline: time
    days: str

    def business_dates(self, days_after: int) -> CronDays:
        """Return the business dates of the days on which files are due, `days_after` days before them."""
        after = timedelta(days=days_after)
        return CronDays.of(self.expression, (day - after for day in self._due(after)), _UNTIL)

    def _due(self, after: timedelta) -> Iterator[date]:
        # CronSim gives what comes after a moment, and ends by itself where nothing comes for fifty years.
        moments = CronSim(f"0 0 {self.days}", datetime.combine(CRON_FROM, time()) - timedelta(seconds=1))
        return takewhile(lambda day: day <= _UNTIL + after, (moment.date() for moment in moments))


def read_cron(given: Clause, reader: Reader) -> Cron | None:
    """Read an expression; one that names several moments of a day is refused: a business date has one file."""
    fields = given.value.split() if isinstance(given.value, str) else []
    if len(fields) != _FIELDS:
        reader.refuse(given, f"must be {_FORM}; is {brief(given)}")
        return None
    try:
        CronSim(given.value, datetime.combine(CRON_FROM, time()))
    except CronSimError as error:
        reader.refuse(given, f"must be {_FORM}; in {brief(given)} there is a {str(error).lower()}")
        return None
    minute, hour = fields[:2]
    if not (minute.isdecimal() and hour.isdecimal()):
        text = "names several moments of a day, and a business date has one file"
        reader.refuse(given, f"{text}; write one minute and one hour, as in {_FORM}")
        return None
    return Cron(" ".join(fields), time(int(hour), int(minute)), " ".join(fields[2:]))
