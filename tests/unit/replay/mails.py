"""The summary of a replay in both languages, as its reader gets it: what the golden files hold.

`python -m tests.unit.replay.mails` writes them; read the difference as somebody who was woken by it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.drops.replay_record import FINISHED, FORGOTTEN, STOPPED, TOO_MANY_FAILED, ReplayRecord
from suimon.drops.states import State
from suimon.drops.wording import Bilingual
from suimon.incidents.recipients import Recipient
from suimon.replay.message import text_of
from suimon.replay.summary import WAITING, Fate, Result, counted, stated
from tests.unit.drop_records import HOUR, NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.contract.file import Language

GOLDEN = Path(__file__).with_name("golden")
STACK = "suimon-prod"
RECORD = ReplayRecord(
    dataset="sales",
    id="sales.2026-11-01.2026-11-30.0123456789abcdef",
    execution="arn:aws:states:ap-northeast-1:123456789012:execution:suimon-prod-replay:sales.2026-11-01.2026-11-30.01",
    first="2026-11-01",
    last="2026-11-30",
    what="failed",
    order="newest",
    plan="0123456789abcdef",
    planned=30,
    max_concurrency=2,
    tolerated=5,
    tolerate=20.0,
    began_at=NOON,
    key="replays/sales/x.json",
    reason="the price list was corrected",
    who="arn:aws:sts::123456789012:assumed-role/Operator/ada",
    ended_at=NOON + HOUR,
)
REPORT = "s3://suimon-reports/sales/2026-11-08/0123456789abcdef.2/report.html"
FAILURES = (
    (stated(State.FAILED), "RunFailed: Glue: out of memory"),
    (
        stated(State.REJECTED),
        Bilingual(f"1 fault. Report: {REPORT}", f"1 fault. レポート: {REPORT}"),
    ),
)


def _rows(**fates: int) -> list[Result]:
    found = list[Result]()
    for name, count in fates.items():
        for _ in range(count):
            fate, day = Fate(name), f"2026-11-{len(found) + 1:02d}"
            state, error = (WAITING, "") if fate is not Fate.FAILED else FAILURES[len(found) % 2]
            found.append(Result(day, "a", 2, fate, state, None, error))
    return found


SUMMARIES: dict[str, tuple[str, list[Result]]] = {
    "all-loaded": (FINISHED, _rows(loaded=29, unneeded=1)),
    "some-failed": (FINISHED, _rows(loaded=7, failed=23)),
    "stopped": (STOPPED, _rows(loaded=11, running=3, remaining=16)),
    "too-many-failed": (TOO_MANY_FAILED, _rows(loaded=4, failed=6, running=2, remaining=18)),
    "timed-out": ("TIMED_OUT", _rows(loaded=20, remaining=10)),
    "failed": ("FAILED", _rows(loaded=29, running=1)),
    "forgotten": (FORGOTTEN, _rows(loaded=28, failed=2)),
    "broken-off": ("States.ItemReaderFailed: no such key", _rows(remaining=30)),
}


def record_of(name: str) -> tuple[ReplayRecord, list[Result]]:
    """Return a replay that has ended so."""
    end, rows = SUMMARIES[name]
    return replace(RECORD, end=end, counts=counted(rows)), rows


def mail_of(name: str, language: Language) -> str:
    """Return subject and body."""
    record, rows = record_of(name)
    said = text_of(record, rows, Recipient(language), STACK)
    return f"{said.subject}\n\n{said.body}"


def all_mails() -> Iterator[tuple[str, str]]:
    """Yield the name of each golden file and what it holds."""
    for name in SUMMARIES:
        yield f"{name}.en.txt", mail_of(name, "en")
        yield f"{name}.ja.txt", mail_of(name, "ja")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file, text in all_mails():
        (GOLDEN / file).write_text(text, encoding="utf-8")
