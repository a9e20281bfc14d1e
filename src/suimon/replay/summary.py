"""What became of each partition of a replay: read from the ledger, which knows it best. Pure."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.replay_record import Counts
from suimon.drops.states import AT_AN_END, State
from suimon.drops.wording import Bilingual
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from suimon.drops.drop import DropRecord
    from suimon.replay.plan import Item


class Fate(StrEnum):
    """What became of a partition, as `Counts` counts it."""

    LOADED = "loaded"
    UNNEEDED = "unneeded"
    FAILED = "failed"
    RUNNING = "running"
    REMAINING = "remaining"


@dataclass(frozen=True)
class Result:
    """One partition of a replay. state: for people; error: why it was not loaded, or not needed."""

    partition: str
    drop_id: str
    attempt: int
    fate: Fate
    state: Bilingual
    rows: int | None = None
    error: str = ""


WAITING = Bilingual("waiting", "未開始")
OVERTAKEN, _UNKNOWN = Bilingual("overtaken", "新しい試行あり"), Bilingual("unknown", "不明")
_FORGOTTEN = Bilingual("the ledger no longer knows the drop", "台帳にこのドロップはもうありません")
_UNNEEDED = frozenset({State.SUPERSEDED, State.RETRACTED, State.DUPLICATE})


def results(
    items: Iterable[Item], records: Mapping[str, DropRecord], failures: Mapping[str, str] | None = None
) -> list[Result]:
    """Return what became of each item; `failures`: why partitions were not loaded, as the state machine recorded."""
    known = failures or {}
    return [_result(item, records.get(item.drop_id), known.get(item.partition, "")) for item in items]


def unlisted(failures: Mapping[str, str], items: Iterable[Item]) -> list[Result]:
    """Return a result for each recorded failure of a partition that is not among the items."""
    listed = {item.partition for item in items}
    return [
        Result(partition, "", 0, Fate.FAILED, stated(State.FAILED), None, error)
        for partition, error in failures.items()
        if partition not in listed
    ]


def counted(found: Iterable[Result], planned: int = 0) -> Counts:
    """Count results by what became of them; of `planned`, those without a result have not begun."""
    counts = Counter(str(one.fate) for one in found)
    counts[str(Fate.REMAINING)] += max(planned - counts.total(), 0)
    return Counts(**{str(fate): counts[str(fate)] for fate in Fate})


def _result(item: Item, record: DropRecord | None, failure: str) -> Result:
    fate, state, rows, error = _fate(item, record, failure)
    return Result(item.partition, item.drop_id, item.attempt, fate, state, rows, error)


def _fate(item: Item, record: DropRecord | None, failure: str) -> tuple[Fate, Bilingual, int | None, str]:
    if record is None:
        return Fate.FAILED, _UNKNOWN, None, failure or _FORGOTTEN
    if record.attempt > item.attempt:
        newer = Bilingual(f"attempt {record.attempt} has begun since", f"{record.attempt} 回目が始まっています")
        return Fate.UNNEEDED, OVERTAKEN, None, newer
    if record.state in _UNNEEDED:
        return Fate.UNNEEDED, stated(record.state), None, ""
    if record.attempt < item.attempt:
        failed, waits = (Fate.FAILED, stated(State.FAILED), None, failure), (Fate.REMAINING, WAITING, None, "")
        return failed if failure else waits
    return _fate_of_attempt(record, failure)


def stated(state: State) -> Bilingual:
    """Return a state for people: in Japanese by the name that it has in the ledger, as everywhere."""
    return Bilingual(state.lower(), str(state))


def _fate_of_attempt(record: DropRecord, failure: str) -> tuple[Fate, Bilingual, int | None, str]:
    state, rows, rejection = stated(record.state), record.rows or None, record.rejection
    if record.state is State.LOADED:
        return Fate.LOADED, state, record.rows, ""
    if record.state not in AT_AN_END:
        return Fate.RUNNING, state, rows, failure
    if record.state is State.REJECTED and rejection and rejection.attempt == record.attempt:
        why, report = rejection.reason, rejection.report
        told = Bilingual(f"{why} Report: {report}", f"{why} レポート: {report}") if report else why
        return Fate.FAILED, state, None, told
    return Fate.FAILED, state, rows, failure or Bilingual(f"it is {record.state}", f"{record.state} です")
