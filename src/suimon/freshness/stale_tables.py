"""Whether a warehouse table is fresh, by the last answer about its newest value and by what was loaded. Pure.

    state      the table                                                   the incident it opens
    fresh      its newest value is young enough, and what was due loaded   none
    aging      its newest value is older than what is warned of            stale-table, a warning
    stale      its newest value is too old                                 stale-table
    behind     its newest value is young enough, and yet no file that      stale-table
               was due is loaded: an older date was loaded again
    future     its newest value lies ahead, which hides its true age       stale-table
    no value   it has rows, and the column is NULL in all of them          stale-table
    empty      it has no rows                                              stale-table
    failed     the query fails                                             unreadable-table
    locked     the query waits for a lock that another transaction has     unreadable-table
    slow       the query runs for too long                                 unreadable-table
    queued     the warehouse has not begun with the query                  unreadable-table
    unasked    other questions have taken all the time there is            unreadable-table

The question wakes a warehouse that sleeps and is paid for by the minute. A newest value does not change by itself: so
the last answer is kept, its age grows with the time, and the table is asked again when the answer may have changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.freshness.observation import Check
from suimon.freshness.table_age import NO_AGE, age_of
from suimon.incidents.about import About
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages.missing_and_stale import stale_table, unreadable_table
from suimon.incidents.messages.recoveries import table_can_be_read, table_is_fresh
from suimon.ledger.items import moment, stamp
from suimon.values import dataclass
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from suimon.contract.calendar import Calendar
    from suimon.contract.model import Contract
    from suimon.contract.table_freshness import TableFreshness

# After so long a table that is not fresh, or that cannot be asked, is asked again.
RETRY = timedelta(hours=1)
TEXT_CHARACTERS = 1_000


# Nobody knows whether such a table is fresh. These may pass by themselves.
MAY_PASS = frozenset({TableState.LOCKED, TableState.SLOW, TableState.QUEUED, TableState.UNASKED})
# By the newest value alone.
YOUNG = frozenset({TableState.FRESH, TableState.AGING})
UNREADABLE = MAY_PASS | {TableState.FAILED}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a table answered when it was asked.

    newest: its newest value; of a date, its midnight in UTC. failure: why there is no answer; error: the name of what
    it failed with, text: in its own words, failing_since: since when it has failed.
    """

    asked_at: datetime
    newest: datetime | None = None
    rows: int = 0
    failure: TableState | None = None
    error: str = ""
    text: str = ""
    failing_since: datetime | None = None

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Answer | None:
        """Read what `to_texts` wrote; None of anything else: then the table is asked again."""
        try:
            newest, failure, since = texts["newest"], texts["failure"], texts["failing_since"]
            return cls(
                asked_at=moment(texts["asked_at"]),
                newest=moment(newest) if newest else None,
                rows=int(texts["rows"]),
                failure=TableState(failure) if failure else None,
                error=texts["error"],
                text=texts["text"],
                failing_since=moment(since) if since else None,
            )
        except (KeyError, ValueError):
            return None

    def to_texts(self) -> dict[str, str]:
        """Write it as texts, for a checkpoint."""
        return {
            "asked_at": stamp(self.asked_at),
            "newest": stamp(self.newest) if self.newest else "",
            "rows": str(self.rows),
            "failure": str(self.failure or ""),
            "error": self.error,
            "text": self.text[:TEXT_CHARACTERS],
            "failing_since": stamp(self.failing_since) if self.failing_since else "",
        }


def judge_answer(table: TableFreshness, answer: Answer, calendar: Calendar, now: datetime) -> TableState:
    """Return the state of a table by its last answer alone; what the calendar or its hours close does not count."""
    if answer.failure:
        return answer.failure
    if answer.rows == 0:
        return TableState.EMPTY
    if answer.newest is None:
        return TableState.NO_VALUE
    age = age_of(table, answer.newest, calendar, now)
    if age.is_ahead:
        return TableState.FUTURE
    if age.counted > age.limit(table.error_after):
        return TableState.STALE
    return TableState.AGING if table.warn_after and age.counted > age.limit(table.warn_after) else TableState.FRESH


def must_ask(
    contract: Contract, known: Answer | None, loaded_at: datetime | None, now: datetime, every: timedelta
) -> bool:
    """Return whether the last answer of a contract's table may have changed, or is wanted again.

    loaded_at: when a file of the dataset was loaded last, as far as it matters. every: after so long a fresh table is
    asked again, for rows may be deleted, and come from elsewhere, without anything of it in the ledger.
    """
    if contract.freshness is None:
        return False
    if known is None or known.asked_at > now or (loaded_at and loaded_at > known.asked_at):
        return True
    since = now - known.asked_at
    if known.failing_since:
        return since >= min(RETRY, every) or known.asked_at - known.failing_since < RETRY
    state = judge_answer(contract.freshness, known, contract.calendar, now)
    if state is TableState.FRESH:
        return since >= every
    was = judge_answer(contract.freshness, known, contract.calendar, known.asked_at)
    return was is not state or since >= min(RETRY, every)


def checks(contract: Contract, answer: Answer, warehouse: str, now: datetime, *, is_behind: bool) -> Iterator[Check]:
    """Yield what an answer means for the incidents of a contract's table.

    is_behind: whether nothing is loaded that was due within the age that is allowed. Of a table that cannot be asked
    nobody knows whether it is fresh: its staleness neither opens nor recovers.
    """
    if (table := contract.freshness) is None:
        return
    state = judge_answer(table, answer, contract.calendar, now)
    about = About(dataset=contract.dataset, table=table.table)
    if state in UNREADABLE:
        problem = replace(unreadable_table(table, warehouse, answer.error, answer.text), about=about)
        yield Check(problem.id, problem, may_pass=state in MAY_PASS)
        return
    yield Check(IncidentId.of(Kind.UNREADABLE_TABLE, about), None, table_can_be_read(table), may_pass=True)
    if state in YOUNG and is_behind:
        state = TableState.BEHIND
    age = age_of(table, answer.newest, contract.calendar, now) if answer.newest else NO_AGE
    if state is TableState.FRESH:
        yield Check(IncidentId.of(Kind.STALE_TABLE, about), None, table_is_fresh(table, age))
    else:
        stale = replace(stale_table(table, state, age), about=about)
        yield Check(stale.id, stale)
